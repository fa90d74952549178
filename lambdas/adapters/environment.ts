import * as z from 'zod/mini';
import '../secret.ts';

/** A variable that has to say something. */
const textSchema = z.string().check(z.minLength(1));

/** Reads the environment once per cold start. Throws with every problem at once: the function cannot work. */
export function readEnvironment<Environment>(schema: z.ZodMiniType<Environment>): Environment {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  throw new Error(`The function's environment is wrong:\n${z.prettifyError(parsed.error)}`);
}

/** What the ingest function is told by its construct. */
export const ingestEnvironment = z.object({
  /** What the queues' names begin with. It tells the metrics of several stacks in one account apart. */
  STACK_NAME: textSchema,
  BUFFER_QUEUE_URL: z.url(),
  /** What webhook URLs begin with, as senders know them; some sign it. No slash at the end. */
  PUBLIC_URL: z.url().check(z.regex(/[^/]$/)),
});

export type IngestEnvironment = z.infer<typeof ingestEnvironment>;

/** What the deliver function is told by its construct. */
export const deliverEnvironment = z.object({
  /** What the queues' names begin with. It tells the metrics of several stacks in one account apart. */
  STACK_NAME: textSchema,
  BUFFER_QUEUE_URL: z.url(),
  DEAD_LETTER_QUEUE_URL: z.url(),
  /** The whole URL of the event API; it differs from tenant to tenant and has no default. */
  WEBEX_EVENT_URL: z.url({ protocol: /^https?$/ }),
  /** Name of the secret that holds the API user's keys, and the key of the hashes of event keys. */
  WEBEX_KEYS_SECRET: textSchema,
  LEDGER_TABLE: textSchema,
  /** How long a claim holds, longer than the function can run. */
  LEASE_SECONDS: z.coerce.number<string>().check(z.int(), z.minimum(1)),
  /** Calls a second that the tenant may be sent in all, and how many workers share them. */
  EVENTS_PER_SECOND: z.coerce.number<string>().check(z.positive()),
  MAX_CONCURRENCY: z.coerce.number<string>().check(z.int(), z.minimum(1)),
  /** Names of the members of an answer that prove success, separated by commas. */
  SUCCESS_ID_FIELDS: z.pipe(
    textSchema,
    z.transform((names) => names.split(',')),
  ),
});

/** As it is written, before it is read. */
export type DeliverEnvironment = z.input<typeof deliverEnvironment>;
