import * as z from 'zod';
import { acknowledgementSchema, handshakeSchema } from './handshake.ts';
import { selectorSchema } from './selector-schema.ts';
import { signatureSchemeSchema } from './signature-scheme.ts';

/** All that ingest has to know about a kind of SaaS, as data. */
export const profileSchema = z.strictObject({
  signature: signatureSchemeSchema,
  /**
   * What happened, in the vendor's words. Several are joined by "."; the first has to be there. A batch has as many
   * types as its items.
   */
  eventType: z.array(selectorSchema).min(1),
  /**
   * The id under which a fact is the same however often it is told, from what the signature protects; several are joined
   * by ":". Without one, and where one of them is missing, it is the body's hash (design.md, "Identity").
   */
  deduplicationId: z.array(selectorSchema).default([]),
  handshakes: z.array(handshakeSchema).default([]),
  /** What the vendor wants to read where a webhook was taken; otherwise it is `{ code, message }`. */
  acknowledge: acknowledgementSchema.optional(),
});

/** A profile as it is written down; `satisfies ProfileKnobs` checks it where it stands. */
export type ProfileKnobs = z.input<typeof profileSchema>;
export type Profile = z.infer<typeof profileSchema>;
