import * as z from 'zod';

/** What the ingest function is told by its construct. */
export const ingestEnvironment = z.object({
  BUFFER_QUEUE_URL: z.url(),
  /** What webhook URLs begin with, as senders know them; some sign it. No slash at the end. */
  PUBLIC_URL: z.url().regex(/[^/]$/),
});

/** What the deliver function is told by its construct. */
export const deliverEnvironment = z.object({
  BUFFER_QUEUE_URL: z.url(),
  DEAD_LETTER_QUEUE_URL: z.url(),
  /** The whole URL of the event API; it differs from tenant to tenant and has no default. */
  WEBEX_EVENT_URL: z.url({ protocol: /^https?$/ }),
  /** Name of the secret that holds the API user's keys. */
  WEBEX_KEYS_SECRET: z.string().min(1),
});

export type IngestEnvironment = z.infer<typeof ingestEnvironment>;
export type DeliverEnvironment = z.infer<typeof deliverEnvironment>;

/** Reads the environment once per cold start. Throws with every problem at once: the function cannot work. */
export function readEnvironment<Environment>(schema: z.ZodType<Environment>): Environment {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  throw new Error(`The function's environment is wrong:\n${z.prettifyError(parsed.error)}`);
}
