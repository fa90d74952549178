import * as z from 'zod';
import { shopify } from './signature-profiles/shopify.ts';
import { stripe } from './signature-profiles/stripe.ts';

/** The kinds of SaaS that ingest can verify, by the name a mapping file gives in `verify`. */
export const PROFILES = { stripe, shopify } as const;

/** What ingest knows of a source: how it signs, where its signing secrets lie, which event types are wanted. */
export const sourceSchema = z.strictObject({
  /** The last part of the webhook URL. */
  source: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case words joined by "-"'),
  verify: z.enum(Object.keys(PROFILES) as (keyof typeof PROFILES)[]),
  /** Name in Secrets Manager; the value is `{"signingSecrets": [newest, older]}`. */
  secret: z
    .string()
    .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'expected a Secrets Manager name (letters, digits and /_+=.@-)'),
  /** A webhook of any other type is answered 200 and not buffered. */
  eventTypes: z.array(z.string().min(1)),
});

export type Source = z.infer<typeof sourceSchema>;
