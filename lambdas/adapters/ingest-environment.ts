import * as z from 'zod/mini';
import { stackName } from './environment.ts';

/** What the ingest function is told by its construct. */
export const ingestEnvironment = z.object({
  STACK_NAME: stackName,
  BUFFER_QUEUE_URL: z.url(),
  /** What webhook URLs begin with, as senders know them; some sign it. No slash at the end. */
  PUBLIC_URL: z.url().check(z.regex(/[^/]$/)),
});

export type IngestEnvironment = z.infer<typeof ingestEnvironment>;
