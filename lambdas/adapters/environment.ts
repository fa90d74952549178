import * as z from 'zod/mini';
import '../schema-messages.ts';

/** A variable that must not be empty. */
const textSchema = z.string().check(z.minLength(1));

/** Reads the environment once per cold start. Throws with every problem at once: the function cannot work. */
export function readEnvironment<Environment>(schema: z.ZodMiniType<Environment>): Environment {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  throw new Error(`The function's environment is wrong:\n${z.prettifyError(parsed.error)}`);
}

/** The environment that the construct gives the ingest function. */
export const ingestEnvironment = z.object({
  /** The queues' names begin with it, and it is a dimension of every metric: several stacks may share an account. */
  STACK_NAME: textSchema,
  BUFFER_QUEUE_URL: z.url(),
  /** The front of all webhook URLs, as senders know it; some sign it. No slash at the end. */
  PUBLIC_URL: z.url().check(z.regex(/[^/]$/)),
});

export type IngestEnvironment = z.infer<typeof ingestEnvironment>;

/** The environment that the construct gives the deliver function. */
export const deliverEnvironment = z.object({
  /** The queues' names begin with it, and it is a dimension of every metric: several stacks may share an account. */
  STACK_NAME: textSchema,
  BUFFER_QUEUE_URL: z.url(),
  DEAD_LETTER_QUEUE_URL: z.url(),
  /** The whole URL of the event API; it differs from tenant to tenant and has no default. */
  WEBEX_EVENT_URL: z.url({ protocol: /^https?$/ }),
  /** Name of the secret that holds the API user's keys, and the key of the hashes of event keys. */
  WEBEX_KEYS_SECRET: textSchema,
  LEDGER_TABLE: textSchema,
  /** How long a claim lasts: longer than the function can run. */
  LEASE_SECONDS: z.coerce.number<string>().check(z.int(), z.minimum(1)),
  /** Calls a second that the tenant allows, and how many workers share them. */
  EVENTS_PER_SECOND: z.coerce.number<string>().check(z.positive()),
  MAX_CONCURRENCY: z.coerce.number<string>().check(z.int(), z.minimum(1)),
  /** Names of the members of an answer that prove success, separated by commas. */
  SUCCESS_ID_FIELDS: z.pipe(
    textSchema,
    z.transform((names) => names.split(',')),
  ),
  /** What a 503 without `Retry-After` is taken for. */
  SERVICE_UNAVAILABLE: z.enum(['unclear', 'retry']),
  /** What finds out whether an outage is over: a call that can message nobody, or the next event. */
  PROBE: z.enum(['call', 'event']),
});

/** The variables as the construct writes them. */
export type DeliverEnvironment = z.input<typeof deliverEnvironment>;
