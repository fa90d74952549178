import * as z from 'zod/mini';
import { fail, type Result, succeed } from '../result.ts';
import { parseSecret, type SecretFailure } from '../secret.ts';

/** The API user's secret keys, both valid at once while they rotate. */
export type WebexKeys = { readonly primary: string; readonly secondary?: string };

/** A key that can stand in an HTTP header: visible ASCII, as RFC 6750 has bearer tokens. */
export const keySchema = z
  .string()
  .check(z.regex(/^[\u0021-\u007e]+$/, 'expected a key of visible ASCII characters'));

/** A place for a key may be empty: so the secret is created, for a person to see what belongs there. */
const placeSchema = z.optional(z.union([z.literal(''), keySchema]));

/** Whoever sets the value by hand may have left it out, or spoilt it: that keeps no event. */
export const hashKeySchema = z.catch(z.optional(z.string().check(z.minLength(32))), undefined);

const webexSecretSchema = z.strictObject({
  primary: placeSchema,
  secondary: placeSchema,
  hashKey: hashKeySchema,
});

/**
 * The `webex-campaign` secret: what Webex Campaign has given, and the key of the hashes that stand for event keys, which
 * Secrets Manager has generated and nobody needs to know.
 */
export type WebexSecret = { readonly keys: WebexKeys; readonly hashKey?: string };

/** Reads the secret's text. It is missing as long as it holds no key: so a key that is set is asked for again in seconds. */
export function parseWebexSecret(name: string, text: string): Result<WebexSecret, SecretFailure> {
  const parsed = parseSecret(name, text, webexSecretSchema);
  if (!parsed.ok) return parsed;
  const { primary, secondary, hashKey } = parsed.value;
  if (primary) {
    const keys = { primary, ...(secondary && { secondary }) };
    return succeed({ keys, ...(hashKey !== undefined && { hashKey }) });
  }
  return secondary
    ? fail({ code: 'secret-invalid', secret: name, problems: ['/primary: is empty, /secondary is not'] })
    : fail({ code: 'secret-missing', secret: name });
}

/** The keys of a secret that was read. */
export function keysOf(read: Result<WebexSecret, SecretFailure>): Result<WebexKeys, SecretFailure> {
  return read.ok ? succeed(read.value.keys) : read;
}
