import { httpEvent, invoiceBody, sqsEvent } from '../events.ts';
import { type Figure, round } from '../figure.ts';
import { type Calls, countCalls } from '../measure/calls.ts';
import type { World } from '../world.ts';

/** List prices of us-east-1 in USD per million, or per GB-second and GB; sources in docs/performance.md. */
const PRICE = {
  request: 1,
  invocation: 0.2,
  sqs: 0.4,
  writeUnit: 0.625,
  gigabyteSecond: 13.33334e-6,
  logs: 0.5,
};

/** Each is a secret that a stage with one source has: its signing secrets, the API user's keys, the hash's key. */
const SECRETS_A_MONTH = 3 * 0.4;

/** Assumed, as for everything that is compared: webhooks per batch, seconds of ingest and of a batch, log bytes. */
const ASSUMED = { batch: 10, ingest: 0.012, batchSeconds: 0.1, logGigabytes: 0.26 };

const million = 1_000_000;

/** P9: the calls of each function, counted, and what a million webhooks cost by the price lists. */
export async function measureCalls({ subjects, endpoints }: World): Promise<readonly Figure[]> {
  const ingest = await countCalls({ subject: subjects.ingest, event: httpEvent(invoiceBody()) }, endpoints);
  const deliver = await countCalls({ subject: subjects.deliver, event: sqsEvent(invoiceBody()) }, endpoints);
  const memory = Number(subjects.ingest.environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE) / 1024;
  const usd = priceOf(memory, deliver.perEvent['write units'] ?? 0, ingest.perEvent.SendMessage ?? 0);
  return [
    {
      id: 'P9',
      what: 'list price per million webhooks',
      unit: 'USD',
      value: round(usd),
      goal: 4,
      isHeld: true,
    },
    ...figuresOf('ingest per webhook', ingest.perEvent),
    ...figuresOf('ingest per cold start', ingest.coldStart),
    ...figuresOf('deliver per event', deliver.perEvent),
    ...figuresOf('deliver per cold start', deliver.coldStart),
  ];
}

function figuresOf(when: string, calls: Calls): readonly Figure[] {
  return Object.entries(calls)
    .toSorted()
    .map(([name, count]) => ({
      id: 'calls',
      what: `${when}: ${name}`,
      unit: 'calls',
      value: round(count),
      isHeld: true,
    }));
}

function priceOf(memoryGigabytes: number, writeUnits: number, sends: number): number {
  const { batch, ingest, batchSeconds, logGigabytes } = ASSUMED;
  const seconds = ingest + batchSeconds / batch;
  return (
    PRICE.request +
    PRICE.invocation * (1 + 1 / batch) +
    PRICE.sqs * (sends + 2 / batch) +
    PRICE.writeUnit * writeUnits +
    PRICE.gigabyteSecond * million * memoryGigabytes * seconds +
    PRICE.logs * logGigabytes +
    SECRETS_A_MONTH
  );
}
