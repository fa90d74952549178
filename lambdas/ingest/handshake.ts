import { fail, type Result, succeed } from '../result.ts';
import { bodyFormatOf, follow, parseBody } from '../webhook-body.ts';
import type { IngestFailure, RequestHead, WebhookRequest } from './request.ts';
import { readSharedSecret } from './signature/shared-secret.ts';
import type { VerificationFailure } from './signature/verification.ts';
import type { Handshake } from './source.ts';

/**
 * How long a body may be that is parsed for a handshake before any signature is verified, in bytes. The longest documented
 * one, Zoom's, has some 150; WooCommerce's `webhook_id=N` has less than 40.
 */
export const MAX_HANDSHAKE_BYTES = 16_384;

/** The handshakes that a request may be, by its method, query and headers: all that can be told without its body. */
export function findCandidates(handshakes: readonly Handshake[], request: RequestHead): readonly Handshake[] {
  const sameMethod = handshakes.filter(({ match }) => match.method === request.method);
  if (sameMethod.length === 0) return sameMethod;
  const query = new URLSearchParams(request.query);
  return sameMethod.filter(
    ({ match }) =>
      isMatch(match.query, (name) => query.get(name) ?? undefined) &&
      isMatch(match.headers, (name) => withoutParameters(request.headers.get(name))),
  );
}

/**
 * The first of the candidates whose body matches. Before the signature is verified (`isVerified`), a body is parsed only
 * where a stranger may have the answer, and only up to `MAX_HANDSHAKE_BYTES`; without a look at it, none matches by it.
 */
export function findHandshake(
  candidates: readonly Handshake[],
  request: WebhookRequest,
  isVerified: boolean,
): Handshake | undefined {
  const isOpen = candidates.some(({ authenticate }) => authenticate !== 'signature');
  const mayParse = isVerified || (isOpen && request.rawBody.byteLength <= MAX_HANDSHAKE_BYTES);
  return candidates.find(
    ({ match }) => match.body === undefined || (mayParse && isMatch(match.body, readMembers(request))),
  );
}

/** Why a request cannot be told to be a handshake: its body would have to be parsed, and is too long. */
export function explainTooLong(
  candidates: readonly Handshake[],
  { rawBody }: WebhookRequest,
): VerificationFailure | undefined {
  const bytes = rawBody.byteLength;
  const needsBody = candidates.some(
    ({ match, authenticate }) => match.body !== undefined && authenticate !== 'signature',
  );
  if (!needsBody || bytes <= MAX_HANDSHAKE_BYTES) return undefined;
  return { code: 'unverified-body-too-large', bytes, limitBytes: MAX_HANDSHAKE_BYTES };
}

function isMatch(
  wanted: Readonly<Record<string, string>> | undefined,
  read: (name: string) => string | undefined,
): boolean {
  return Object.entries(wanted ?? {}).every(([name, value]) => {
    const found = read(name);
    return value === '*' ? found !== undefined && found !== '' : found === value;
  });
}

/** `application/json; charset=utf-8` matches by its media type alone. */
function withoutParameters(value: string | undefined): string | undefined {
  return value?.replace(/;.*/s, '').trim();
}

/** Reads texts, numbers and booleans of a request's body by their pointers. */
export function readMembers({
  rawBody,
  headers,
  form,
}: WebhookRequest): (pointer: string) => string | undefined {
  const body = parseBody(rawBody, bodyFormatOf(headers.get('content-type'), rawBody, form), { form });
  return (pointer) => {
    const value = body.ok ? follow(body.value, pointer)[0] : undefined;
    return value === undefined || typeof value === 'object' ? undefined : String(value);
  };
}

/** Compares a handshake's token with the one that is stored beside the signing secrets. */
type CheckToken = (stored: { readonly verifyToken?: string | undefined }) => Result<void, IngestFailure>;

/**
 * Reads a handshake's token from the query, where it has one, before any secret is read. That none is stored is no alarm:
 * strangers ask, too, and who sets up the webhook sees the answer at once.
 */
export function readToken(
  { authenticate }: Pick<Handshake, 'authenticate'>,
  request: WebhookRequest,
): Result<CheckToken, IngestFailure> {
  if (typeof authenticate === 'string') return succeed(() => succeed(undefined));
  const sent = readSharedSecret({ in: 'query', name: authenticate.token }, request);
  if (!sent.ok) return sent;
  return succeed(({ verifyToken }) => {
    if (verifyToken === undefined) return fail({ code: 'verify-token-not-stored' });
    const compared = sent.value([verifyToken]);
    return compared.ok ? succeed(undefined) : compared;
  });
}
