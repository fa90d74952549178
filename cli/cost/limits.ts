import { ASSUMED } from './assumptions.ts';
import type { CountedRequests } from './request-counts.ts';
import type { StackFacts } from './stack-facts.ts';
import { batchSeconds, type Usage } from './usage.ts';

/** What cannot be exceeded, in webhooks a second, and what to do about it. */
export type Limit = { readonly name: string; readonly perSecond: number; readonly remedy: string };

/** Default quotas of an account and a region, by AWS's documentation; all but the last can be raised. */
export const QUOTAS = {
  /** API Gateway developer guide, "Quotas": requests a second, shared by all APIs of the region. */
  apiPerSecond: 10_000,
  /** Lambda developer guide, "Quotas": concurrent executions, shared by all functions of the region. */
  concurrency: 1_000,
  /** DynamoDB developer guide, "On-demand capacity mode": what a new table takes at once; it doubles by itself. */
  newTableWrites: 4_000,
  /** SQS developer guide, "Quotas": messages of a standard queue that are received and not deleted. */
  inFlight: 120_000,
} as const;

/** The limits, the one that is hit first as the rate grows before the others. */
export function limitsOf(facts: StackFacts, usage: Usage, counted: CountedRequests): readonly Limit[] {
  const { deliver, ingest } = facts;
  const wanted = 1 - usage.ignored;
  const called = 1 - usage.ignored - usage.duplicates;
  const size = deliver.batchSize;
  const writes =
    called * (counted.delivered.writeUnits + (usage.eventsPerWebhook - 1) * counted.furtherEvent.writeUnits) +
    usage.duplicates * counted.duplicate.writeUnits;
  const limits: readonly Limit[] = [
    {
      name: `events-per-second: ${deliver.eventsPerSecond} calls a second`,
      perSecond: deliver.eventsPerSecond / (called * usage.eventsPerWebhook),
      remedy: 'what is above waits on the buffer; agree on more with Cisco, then raise events-per-second',
    },
    {
      name: `concurrency: ${deliver.concurrency} deliver workers`,
      perSecond: (deliver.concurrency * size) / batchSeconds(size, usage, facts) / wanted,
      remedy: 'raise concurrency',
    },
    {
      name: `API throttle: ${facts.apiPerSecond ?? QUOTAS.apiPerSecond} requests a second`,
      perSecond: facts.apiPerSecond ?? QUOTAS.apiPerSecond,
      remedy: 'vendors are answered 429; raise the limit of the stage, or the quota of the account',
    },
    {
      name: `ingest concurrency: ${ingest.reserved ?? QUOTAS.concurrency} at a time`,
      perSecond: (ingest.reserved ?? QUOTAS.concurrency) / ASSUMED.ingestSeconds,
      remedy: 'vendors are answered 503; raise what is reserved, or the quota of the account',
    },
    {
      name: `ledger: ${QUOTAS.newTableWrites} writes a second of a new table`,
      perSecond: QUOTAS.newTableWrites / writes,
      remedy: 'it doubles by itself within half an hour; until then events are tried again later',
    },
  ];
  return limits.toSorted((one, other) => one.perSecond - other.perSecond);
}
