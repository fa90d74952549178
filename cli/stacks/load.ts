import { RETRY_SCHEDULE } from '../../lambdas/deliver/retry-schedule.ts';
import counted from './counted-requests.json' with { type: 'json' };
import type { TemplateFacts } from './template-facts.ts';

/** What one webhook of a kind needs of AWS and of the event API. */
export type RequestCounts = {
  /** Messages put on the buffer. */
  readonly sends: number;
  /** DynamoDB request units, and what stays in the table. */
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly storedBytes: number;
  /** Calls of the event API, and the bytes of their bodies. */
  readonly calls: number;
  readonly callBytes: number;
  /** As CloudWatch Logs counts them. */
  readonly ingestLogBytes: number;
  readonly deliverLogBytes: number;
  /** Distinct metrics that the lines make: of ingest per source, of deliver per event of a mapping, and of the whole stack. */
  readonly ingestMetrics: number;
  readonly deliverMetrics: number;
  readonly stackMetrics: number;
};

export type CountedRequests = {
  /** When they were counted. */
  readonly at: string;
  /** A webhook that becomes one event and is delivered; its copy; one that no mapping wants; each event beyond the first. */
  readonly delivered: RequestCounts;
  readonly duplicate: RequestCounts;
  readonly ignored: RequestCounts;
  readonly furtherEvent: RequestCounts;
};

/** Counted on the local stack by `npm run count-requests` (`bench/`); a test counts again. */
export const COUNTED_REQUESTS: CountedRequests = counted;

/**
 * What cannot be counted on this machine. Every figure is rather too high than too low. A stack that runs shows better ones:
 * by `CallDuration` and by Lambda's own metrics.
 */
export const ASSUMED = {
  /** Seconds that a warm function takes, without the call of the event API. */
  ingestSeconds: 0.012,
  deliverSeconds: 0.02,
  /** The call of the event API, unless `--call` says otherwise. */
  callSeconds: 0.08,
  /** Share of the invocations that begin cold, and what that takes (billed since August 2025). */
  coldShare: 0.01,
  coldSeconds: 0.45,
  /** Lambda's own lines about an invocation: `platform.start` and `platform.report`, as JSON. */
  platformLogBytes: 400,
  /** CloudWatch Logs compresses what it stores, to this part by AWS's calculator. */
  storedPart: 0.15,
  /** Headers and TLS records of a call; and the answer to a webhook, with its own. */
  callOverheadBytes: 700,
  answerBytes: 400,
  /** Attributes of a message, at most. */
  attributeBytes: 1024,
  /** An event source with a concurrency limit has five pollers, twenty seconds a poll (Lambda developer guide). */
  pollers: 5,
  pollSeconds: 20,
} as const;

export const MONTH_HOURS = 730;
export const MONTH_SECONDS = MONTH_HOURS * 3_600;
export const MONTH_DAYS = MONTH_HOURS / 24;
export const GIGABYTE = 1024 ** 3;

/** What comes in, in a month. */
export type Usage = {
  readonly webhooks: number;
  readonly bodyBytes: number;
  readonly eventsPerWebhook: number;
  /** Parts of the webhooks, 0 to 1: copies of others, and those that no mapping wants. */
  readonly duplicates: number;
  readonly ignored: number;
  /** How long a call of the event API takes, in seconds. */
  readonly callSeconds: number;
  /** Events of the mappings that are in use: each has metrics of its own. */
  readonly mappedEvents: number;
  /** How long logs are kept, in days; as the template has it where it is missing. */
  readonly retentionDays?: number | undefined;
};

/** Webhooks of a month by what becomes of them. */
type Portions = { readonly fresh: number; readonly duplicate: number; readonly ignored: number };

export function portionsOf({ webhooks, duplicates, ignored }: Usage): Portions {
  return {
    fresh: webhooks * (1 - duplicates - ignored),
    duplicate: webhooks * duplicates,
    ignored: webhooks * ignored,
  };
}

/** Webhooks a second that come to the deliver function. */
function deliverRate(usage: Usage): number {
  const { fresh, duplicate } = portionsOf(usage);
  return (fresh + duplicate) / MONTH_SECONDS;
}

/** How long the deliver function works on a batch. The tenant's rate keeps its calls apart. */
export function batchSeconds(webhooks: number, usage: Usage, { deliver }: TemplateFacts): number {
  const calls = webhooks * usage.eventsPerWebhook;
  const apart = deliver.concurrency / deliver.eventsPerSecond;
  return ASSUMED.deliverSeconds + usage.callSeconds + Math.max(0, calls - 1) * apart;
}

/** How many webhooks a batch has: as many as come while the workers are busy with the batch before. */
export function batchSize(usage: Usage, facts: TemplateFacts): number {
  const { concurrency, eventsPerSecond, batchSize: most } = facts.deliver;
  const perWorker = deliverRate(usage) / concurrency;
  for (let size = 1; size < most; size += 1) {
    const turns = size * usage.eventsPerWebhook * (concurrency / eventsPerSecond);
    if (perWorker * Math.max(turns, batchSeconds(size, usage, facts)) <= size) return size;
  }
  return most;
}

/** SQS developer guide, "Quotas": messages of a standard queue that are received and not deleted. */
const IN_FLIGHT = 120_000;

/** What an outage of Webex Campaign leaves behind. */
export type Drain = {
  readonly hours: number;
  /** Events that wait when it is over. */
  readonly waiting: number;
  /** Events that are older than the retry budget by then, and so dead letters. */
  readonly deadLettered: number;
  /** Seconds until the last has gone out, while others keep coming; `undefined` where more come than can go. */
  readonly seconds: number | undefined;
  /** Events a second that go out at most, and the setting that holds them there. */
  readonly perSecond: number;
  readonly limitedBy: 'events-per-second' | 'concurrency';
  /** Hours until SQS hands out no more messages, as too many are hidden until their next attempt. */
  readonly inFlightHours: number;
};

/** How long it takes to catch up after an outage. */
export function drainAfter(hours: number, usage: Usage, facts: TemplateFacts): Drain {
  const events = (portionsOf(usage).fresh / MONTH_SECONDS) * usage.eventsPerWebhook;
  const budgetHours = RETRY_SCHEDULE.budgetSeconds / 3_600;
  const waiting = events * 3_600 * Math.min(hours, budgetHours);
  const { perSecond, limitedBy } = capacityOf(usage, facts);
  const spare = perSecond - events;
  return {
    hours,
    waiting,
    deadLettered: events * 3_600 * Math.max(0, hours - budgetHours),
    // Events that failed last come back only after the longest pause.
    seconds:
      spare > 0 ? Math.max(waiting / spare, hours > 0 ? RETRY_SCHEDULE.lastCeilingSeconds : 0) : undefined,
    perSecond,
    limitedBy,
    inFlightHours: IN_FLIGHT / (deliverRate(usage) * 3_600),
  };
}

/** Events a second that can go out: as many as the tenant's rate allows, or fewer if the workers cannot keep up with it. */
function capacityOf(usage: Usage, facts: TemplateFacts): Pick<Drain, 'perSecond' | 'limitedBy'> {
  const { eventsPerSecond, concurrency, batchSize: size } = facts.deliver;
  const ofWorkers = ((concurrency * size) / batchSeconds(size, usage, facts)) * usage.eventsPerWebhook;
  return ofWorkers < eventsPerSecond
    ? { perSecond: ofWorkers, limitedBy: 'concurrency' }
    : { perSecond: eventsPerSecond, limitedBy: 'events-per-second' };
}
