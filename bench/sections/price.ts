import { httpEvent, invoiceBody, sqsEvent } from '../events.ts';
import { type Figure, round } from '../figure.ts';
import { type Calls, type CountedCalls, countCalls } from '../measure/calls.ts';
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

/** Each is a secret that a stage with one source has: its signing secrets, and the API user's keys. */
const SECRETS_A_MONTH = 2 * 0.4;

/** Assumed, as for everything that is compared: webhooks per batch, seconds of ingest and of a batch. */
const ASSUMED = { batch: 10, ingest: 0.012, batchSeconds: 0.1 };

const million = 1_000_000;

/** P9: the calls of each function, counted, and what a million webhooks cost by the price lists. */
export async function measureCalls({ subjects, endpoints }: World): Promise<readonly Figure[]> {
  const ingest = await countCalls({ subject: subjects.ingest, event: httpEvent(invoiceBody()) }, endpoints);
  const deliver = await countCalls({ subject: subjects.deliver, event: sqsEvent(invoiceBody()) }, endpoints);
  const memory = Number(subjects.ingest.environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE) / 1024;
  const usd = priceOf(memory, ingest, deliver);
  return [
    {
      id: 'P9',
      what: 'list price per million webhooks',
      unit: 'USD',
      value: round(usd),
      goal: 4,
      isHeld: true,
    },
    {
      id: 'P9',
      what: 'of it what the functions log',
      unit: 'USD',
      value: round(priceOfLog(ingest, deliver)),
    },
    ...figuresOf('ingest per webhook', ingest.perEvent),
    logFigure('ingest per webhook', ingest),
    ...figuresOf('ingest per cold start', ingest.coldStart),
    ...figuresOf('deliver per event', deliver.perEvent),
    logFigure('deliver per event', deliver),
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

function logFigure(when: string, { logBytes }: CountedCalls): Figure {
  return { id: 'calls', what: `${when}: log`, unit: 'bytes', value: round(logBytes), isHeld: true };
}

function priceOf(memoryGigabytes: number, ingest: CountedCalls, deliver: CountedCalls): number {
  const { batch, batchSeconds } = ASSUMED;
  const seconds = ASSUMED.ingest + batchSeconds / batch;
  const sends = ingest.perEvent.SendMessage ?? 0;
  const writeUnits = deliver.perEvent['write units'] ?? 0;
  return (
    PRICE.request +
    PRICE.invocation * (1 + 1 / batch) +
    PRICE.sqs * (sends + 2 / batch) +
    PRICE.writeUnit * writeUnits +
    PRICE.gigabyteSecond * million * memoryGigabytes * seconds +
    priceOfLog(ingest, deliver) +
    SECRETS_A_MONTH
  );
}

/** A byte of each of a million webhooks is a megabyte. */
function priceOfLog(ingest: CountedCalls, deliver: CountedCalls): number {
  return (PRICE.logs * (ingest.logBytes + deliver.logBytes)) / 1000;
}
