import { ASSUMED, MONTH_SECONDS } from './assumptions.ts';
import type { CountedRequests, RequestCounts } from './request-counts.ts';
import type { StackFacts } from './stack-facts.ts';

/** What comes in, in a month. */
export type Usage = {
  readonly webhooks: number;
  readonly bodyBytes: number;
  readonly eventsPerWebhook: number;
  /** Parts of the webhooks, 0 to 1: copies of others, and such as no mapping wants. */
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
export type Portions = { readonly fresh: number; readonly duplicate: number; readonly ignored: number };

export function portionsOf({ webhooks, duplicates, ignored }: Usage): Portions {
  return {
    fresh: webhooks * (1 - duplicates - ignored),
    duplicate: webhooks * duplicates,
    ignored: webhooks * ignored,
  };
}

/** What all webhooks of a month ask for, by one of the counts. */
export function monthly(name: keyof RequestCounts, usage: Usage, counted: CountedRequests): number {
  const { fresh, duplicate, ignored } = portionsOf(usage);
  const perFresh = counted.delivered[name] + (usage.eventsPerWebhook - 1) * counted.furtherEvent[name];
  return fresh * perFresh + duplicate * counted.duplicate[name] + ignored * counted.ignored[name];
}

/** Webhooks a second that come to the deliver function. */
export function deliverRate(usage: Usage): number {
  const { fresh, duplicate } = portionsOf(usage);
  return (fresh + duplicate) / MONTH_SECONDS;
}

/** How long the deliver function works on a batch: its calls are as far apart as the tenant's rate has them. */
export function batchSeconds(webhooks: number, usage: Usage, { deliver }: StackFacts): number {
  const calls = webhooks * usage.eventsPerWebhook;
  const apart = deliver.concurrency / deliver.eventsPerSecond;
  return ASSUMED.deliverSeconds + usage.callSeconds + Math.max(0, calls - 1) * apart;
}

/** How many webhooks a batch has: no more than come while the workers are busy with the one before. */
export function batchSize(usage: Usage, facts: StackFacts): number {
  const { concurrency, eventsPerSecond, batchSize: most } = facts.deliver;
  const perWorker = deliverRate(usage) / concurrency;
  for (let size = 1; size < most; size += 1) {
    const turns = size * usage.eventsPerWebhook * (concurrency / eventsPerSecond);
    if (perWorker * Math.max(turns, batchSeconds(size, usage, facts)) <= size) return size;
  }
  return most;
}
