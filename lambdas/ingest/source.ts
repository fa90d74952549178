import * as z from 'zod';
import { profileSchema } from './profile.ts';

/** What ingest knows of a source: its profile, where its signing secrets lie, which event types are wanted. */
export const sourceSchema = z.strictObject({
  /** The last part of the webhook URL. */
  source: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected lower-case words joined by "-"'),
  /** Name in Secrets Manager; the value is `{"signingSecrets": [newest, older]}`. */
  secret: z
    .string()
    .regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'expected a Secrets Manager name (letters, digits and /_+=.@-)'),
  profile: profileSchema,
  /** What `on` names, patterns included: a webhook of any other type is answered 200 and not buffered. */
  eventTypes: z.array(z.string().min(1)),
  /** Lower-case names of the headers that the mapping reads; they travel with the webhook. */
  mappedHeaders: z.array(z.string().min(1)),
});

export type Source = z.infer<typeof sourceSchema>;
