import * as z from 'zod/mini';
import { fail, type Result, succeed } from '../result.ts';
import type { SecretFailure } from '../secret.ts';

/** The API user's secret keys, both valid at once while they rotate. */
export type WebexKeys = { readonly primary: string; readonly secondary?: string };

/** A key that can stand in an HTTP header: visible ASCII, as RFC 6750 has bearer tokens. */
export const keySchema = z
  .string()
  .check(z.regex(/^[\u0021-\u007e]+$/, 'expected a key of visible ASCII characters'));

/** A place for a key may be empty: so the secret is created, for a person to see what belongs there. */
const placeSchema = z.optional(z.union([z.literal(''), keySchema]));

/**
 * The value of the `webex-campaign` secret: what Webex Campaign has given, and the key of the hashes that stand for event
 * keys, which Secrets Manager has generated and nobody needs to know. Whoever sets the value by hand may have left the
 * latter out, or spoilt it: that keeps no event.
 */
export const webexSecretSchema = z.strictObject({
  primary: placeSchema,
  secondary: placeSchema,
  hashKey: z.catch(z.optional(z.string().check(z.minLength(32))), undefined),
});

export type WebexSecret = z.infer<typeof webexSecretSchema>;

/** The keys of a secret as it was read; it is missing as long as it holds none. */
export function keysOf(
  name: string,
  read: Result<WebexSecret, SecretFailure>,
): Result<WebexKeys, SecretFailure> {
  if (!read.ok) return read;
  const { primary, secondary } = read.value;
  if (primary) return succeed({ primary, ...(secondary && { secondary }) });
  return secondary
    ? fail({ code: 'secret-invalid', secret: name, problems: ['/primary: is empty, /secondary is not'] })
    : fail({ code: 'secret-missing', secret: name });
}
