import { hasMoreFields, readFields } from '../../../form-body.ts';
import { fail, type Result, succeed } from '../../../result.ts';
import { parseBody } from '../../../webhook-body.ts';
import type { VerificationFailure } from '../verification.ts';

// Bodies that have to be read before they can be verified.

/** Twilio documents some forty parameters, Mandrill one. */
const MAX_FIELDS = 1_000;

/** Parses a JSON body of up to so many bytes; `undefined` where it is no JSON. */
export function readUnverifiedJson(
  rawBody: Uint8Array,
  limitBytes: number,
): Result<unknown, VerificationFailure> {
  const tooLarge = explainTooLarge(rawBody, limitBytes);
  if (tooLarge !== undefined) return fail(tooLarge);
  const json = parseBody(rawBody, 'json', { digits: 'rounded' });
  return succeed(json.ok ? json.value : undefined);
}

/** Reads the parameters of a form of up to so many bytes, values of one name together in the order they came. */
export function readUnverifiedForm(
  rawBody: Uint8Array,
  limitBytes: number,
): Result<ReadonlyMap<string, readonly string[]>, VerificationFailure> {
  const tooLarge = explainTooLarge(rawBody, limitBytes);
  if (tooLarge !== undefined) return fail(tooLarge);
  if (hasMoreFields(rawBody, MAX_FIELDS)) return fail({ code: 'too-many-fields', limit: MAX_FIELDS });
  return succeed(readFields(rawBody));
}

function explainTooLarge(
  { byteLength: bytes }: Uint8Array,
  limitBytes: number,
): VerificationFailure | undefined {
  return bytes > limitBytes ? { code: 'unverified-body-too-large', bytes, limitBytes } : undefined;
}

/** Names in order, each followed by its values: what Twilio and Mandrill sign after the URL. */
export function writeSorted(form: ReadonlyMap<string, readonly string[]>): string {
  return [...form.keys()]
    .sort()
    .map((name) => (form.get(name) ?? []).map((value) => `${name}${value}`).join(''))
    .join('');
}
