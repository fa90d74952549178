import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
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

/** The environment that the construct gives the search function. */
export const searchEnvironment = z.object({
  STACK_NAME: textSchema,
  WEBEX_KEYS_SECRET: textSchema,
  LEDGER_TABLE: textSchema,
});

export type SearchEnvironment = z.infer<typeof searchEnvironment>;

/** The variables as the construct writes them. */
export type DeliverEnvironment = z.input<typeof deliverEnvironment>;

/** The file beside a function's bundle that holds what the synth made of the mapping folders. */
export const CATALOGUE_FILE = 'catalogue.json';

/**
 * Reads the catalogue of a function. The synth checked it with the schemas and deploys it together with the bundle, so
 * that no cold start checks it again.
 */
export function readCatalogue<Entry>(): readonly Entry[] {
  // The bundle is CommonJS: esbuild replaces `import.meta.dirname` by `__dirname`.
  return JSON.parse(readFileSync(join(import.meta.dirname, CATALOGUE_FILE), 'utf8'));
}

/** Writes one structured line. */
type WriteLogLine = (fields: object) => void;

/** Writes lines of JSON, each with the name of its stack, which is a dimension of every metric. */
export function createLog(stack: string): WriteLogLine {
  // Taken here, since Node creates it at the first access.
  const { stdout } = process;
  return (fields) => {
    stdout.write(`${JSON.stringify({ ...fields, stack })}\n`);
  };
}

/** INIT may take ten seconds in all. The first event waits for what has not answered by then. */
const LONGEST_MILLISECONDS = 2_000;

/**
 * How many sources are prepared at a cold start. Most stages have fewer. In a stage with many, a call for each secret would
 * dominate the cold start, and the events that follow it are from a few sources anyway. The others are prepared when their
 * first webhook comes.
 */
export const PREPARED_SOURCES = 8;

/**
 * Reads secrets and opens connections at the cold start, while Lambda gives a function its full CPU, so that the first event
 * does not wait for them. Never fails: the event that needs what went wrong meets the failure again and reports it.
 */
export async function warmUp(...work: readonly Promise<unknown>[]): Promise<void> {
  const late = new AbortController();
  const isOver = wait(LONGEST_MILLISECONDS, undefined, { signal: late.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(work), isOver]);
  late.abort();
}
