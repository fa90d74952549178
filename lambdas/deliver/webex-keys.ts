import * as z from 'zod/mini';

/** A key that can stand in an HTTP header: visible ASCII, as RFC 6750 has bearer tokens. */
const keySchema = z
  .string()
  .check(z.regex(/^[\u0021-\u007e]+$/, 'expected a key of visible ASCII characters'));

/** The value of the `webex-campaign` secret: the API user's secret keys, both valid at once while they rotate. */
export const webexKeysSchema = z.strictObject({
  primary: keySchema,
  secondary: z.optional(keySchema),
});

export type WebexKeys = z.infer<typeof webexKeysSchema>;
