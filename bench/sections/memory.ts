import { httpEvent, invoiceBody, invoiceOfBytes, sqsEvent } from '../events.ts';
import { type Figure, round } from '../figure.ts';
import type { ColdCase } from '../measure/cold-start.ts';
import { spreadOf } from '../measure/statistics.ts';
import { throttle } from '../measure/throttle.ts';
import { startWarm } from '../measure/warm.ts';
import type { World } from '../world.ts';

const BATCH = 10;

/** As large as six megabytes of an invocation allow, each webhook nearly as large as a message of SQS may be. */
const LARGE = { bytes: 900_000, webhooks: 6 };

const WARM_UP = 300;
const ROUNDS = 7;
const EVENTS = 10;

/** USD per GB-second: as in docs/performance.md. */
const GIGABYTE_SECOND = 13.33334e-6;

/**
 * What a webhook takes under the CPU share of each memory size, once warm, and what that costs. Beside it, what a function
 * holds at most: the memory size is to be larger than that.
 */
export async function measureMemory({ subjects, effort }: World): Promise<readonly Figure[]> {
  if (effort.memories.length === 0) return [];
  const body = invoiceBody();
  const ingest = { subject: subjects.ingest, event: httpEvent(body) };
  const deliver = { subject: subjects.deliver, event: sqsEvent(body, BATCH) };
  const figures: Figure[] = [];
  for (const megabytes of effort.memories) {
    const webhook = await timeUnder(ingest, megabytes);
    const batch = await timeUnder(deliver, megabytes);
    const what = `${megabytes} MB`;
    const usd = GIGABYTE_SECOND * (megabytes / 1024) * (webhook + batch / BATCH) * 1000;
    figures.push(
      { id: 'memory', what: `${what}: a webhook in ingest`, unit: 'ms', value: round(webhook) },
      { id: 'memory', what: `${what}: a batch of ten in deliver`, unit: 'ms', value: round(batch) },
      {
        id: 'memory',
        what: `${what}: both, per million webhooks, without waits`,
        unit: 'USD',
        value: round(usd),
      },
    );
  }
  return [...figures, ...(await measurePeaks({ subjects }))];
}

/** Milliseconds of an event under a memory's share of the CPU: the middle one of some rounds. */
async function timeUnder(measured: ColdCase, megabytes: number): Promise<number> {
  const { child, run, stop } = await startWarm(measured);
  await run(WARM_UP);
  const release = throttle(child, megabytes);
  const times: number[] = [];
  for (let count = 0; count < ROUNDS; count += 1) times.push((await run(EVENTS)).wall / 1000);
  release();
  stop();
  return spreadOf(times).median;
}

async function measurePeaks({ subjects }: Pick<World, 'subjects'>): Promise<readonly Figure[]> {
  const body = invoiceOfBytes(LARGE.bytes);
  const peak = async (measured: ColdCase) => {
    const { run, stop } = await startWarm(measured);
    const { peak: megabytes } = await run(EVENTS);
    stop();
    return round(megabytes);
  };
  const of = (what: string, value: number): Figure => ({ id: 'memory', what, unit: 'MB', value });
  return [
    of(
      'held at most by ingest, webhooks of 900 KB',
      await peak({ subject: subjects.ingest, event: httpEvent(body) }),
    ),
    of(
      'held at most by deliver, batches of 5.4 MB',
      await peak({ subject: subjects.deliver, event: sqsEvent(body, LARGE.webhooks) }),
    ),
  ];
}
