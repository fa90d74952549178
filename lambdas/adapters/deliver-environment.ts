import * as z from 'zod/mini';
import { textSchema } from './environment.ts';

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
