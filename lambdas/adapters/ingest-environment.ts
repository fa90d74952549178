import * as z from 'zod/mini';
import { textSchema } from './environment.ts';

/** What the ingest function is told by its construct. */
export const ingestEnvironment = z.object({
  /** What the queues' names begin with. It tells the metrics of several stacks in one account apart. */
  STACK_NAME: textSchema,
  BUFFER_QUEUE_URL: z.url(),
  /** What webhook URLs begin with, as senders know them; some sign it. No slash at the end. */
  PUBLIC_URL: z.url().check(z.regex(/[^/]$/)),
});

export type IngestEnvironment = z.infer<typeof ingestEnvironment>;
