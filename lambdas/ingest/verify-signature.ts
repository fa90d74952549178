import { Buffer } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';
import { fail, type Result, succeed } from '../result.ts';
import { computeSignature } from './compute-signature.ts';
import type { Extractor, SignatureScheme } from './signature-scheme.ts';
import type { Verification, VerificationFailure } from './verification.ts';

export type SignedRequest = {
  /** Header values by lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  /** The exact bytes received: they are verified before anything is parsed. */
  readonly rawBody: Uint8Array;
  readonly receivedAt: Date;
  /** The active secrets, newest first; never empty. */
  readonly secrets: readonly string[];
};

/** Decides whether a request was signed with one of the secrets, and if not, why not. */
export function verifySignature(
  scheme: SignatureScheme,
  request: SignedRequest,
): Result<Verification, VerificationFailure> {
  const timestamp = readTimestamp(scheme, request);
  if (!timestamp.ok) return timestamp;

  const signatures = extract(scheme.signature, scheme, request.headers);
  if (!signatures.ok) return signatures;
  const candidates = signatures.value.map((signature) => Buffer.from(signature, scheme.encoding));

  const { secrets, rawBody } = request;
  const secretSlot = secrets.findIndex((secret) => {
    const expected = computeSignature(scheme, { secret, timestamp: timestamp.value, rawBody });
    return candidates.some((candidate) => isSame(candidate, expected));
  });
  return secretSlot < 0
    ? fail({ code: 'no-matching-secret', secretsTried: secrets.length })
    : succeed({ secretSlot });
}

function isSame(candidate: Buffer, expected: Buffer): boolean {
  return candidate.length === expected.length && timingSafeEqual(candidate, expected);
}

/** The timestamp as it was sent (empty where the scheme has none), once it is known to be near the receive time. */
function readTimestamp(
  scheme: SignatureScheme,
  { headers, receivedAt }: SignedRequest,
): Result<string, VerificationFailure> {
  if (scheme.timestamp === undefined) return succeed('');
  const { header, toleranceSeconds } = scheme.timestamp;

  const found = extract(scheme.timestamp, scheme, headers);
  if (!found.ok) return found;
  const [sent = '', ...more] = found.value;
  if (more.length > 0) return fail({ code: 'repeated-header', header, found: found.value.length });
  if (!/^[0-9]{1,12}$/.test(sent)) return fail({ code: 'malformed-header', header, form: scheme.form });

  const skewSeconds = Math.floor(receivedAt.getTime() / 1000) - Number(sent);
  if (skewSeconds > toleranceSeconds) {
    return fail({ code: 'timestamp-too-old', skewSeconds, toleranceSeconds });
  }
  if (-skewSeconds > toleranceSeconds) {
    return fail({ code: 'timestamp-in-future', skewSeconds: -skewSeconds, toleranceSeconds });
  }
  return succeed(sent);
}

/** Every value that a header holds for an extractor; at least one. */
function extract(
  { header, split, pick }: Extractor,
  { form }: SignatureScheme,
  headers: ReadonlyMap<string, string>,
): Result<readonly string[], VerificationFailure> {
  const value = headers.get(header)?.trim();
  if (value === undefined || value === '') return fail({ code: 'missing-header', header });

  const parts = split === undefined ? [value] : value.split(split).map((part) => part.trim());
  const picked = parts.flatMap((part) => pick.exec(part)?.[1] ?? []);
  return picked.length === 0 ? fail({ code: 'malformed-header', header, form }) : succeed(picked);
}
