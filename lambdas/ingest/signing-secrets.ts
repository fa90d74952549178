import * as z from 'zod/mini';

/**
 * The value of a source's secret: the active signing secrets, newest first. None of them may be empty, since an empty
 * key would verify anybody's signature.
 */
export const signingSecretsSchema = z.strictObject({
  signingSecrets: z.array(z.string().check(z.minLength(1))).check(z.minLength(1)),
  /** What the vendor sends in a handshake that asks for a token (Meta's `hub.verify_token`). */
  verifyToken: z.optional(z.string().check(z.minLength(1))),
});

export type SigningSecrets = z.infer<typeof signingSecretsSchema>;
