import { setTimeout as wait } from 'node:timers/promises';
import { measureOwnThread, type ThreadMemory } from '../stack/thread-memory.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { Sample } from './trend.ts';

/** Between two samples, in true milliseconds. */
const SAMPLE_MILLISECONDS = 10_000;

/** Watches what a stack takes until it is stopped; `events` says how many have been played so far. */
export function watchStack(
  rehearsal: Pick<Rehearsal, 'run' | 'stack'>,
  events: () => number,
): { readonly stop: () => Promise<readonly Sample[]> } {
  const startedAt = performance.now();
  const samples: Sample[] = [];
  const stopping = new AbortController();
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      samples.push({ seconds, events: events(), ...(await measureStack(rehearsal)) });
      await wait(SAMPLE_MILLISECONDS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await watching;
      return samples;
    },
  };
}

/** Measures a stack as it is now. What cannot be asked, since it is away, is NaN. */
async function measureStack({
  run,
  stack,
}: Pick<Rehearsal, 'run' | 'stack'>): Promise<Omit<Sample, 'seconds' | 'events'>> {
  const [ingest, deliver, { queues, tables }] = await Promise.all([
    run.stack.memoryOf('Ingest'),
    run.stack.memoryOf('Deliver'),
    run.stack.memoryOfServers(),
  ]);
  const main = measureOwnThread();
  const rss = process.memoryUsage.rss();
  const held = sum([main, queues, tables, ...ingest, ...deliver]);
  return {
    rss,
    reserve: rss - held,
    main: sum([main]),
    ingest: meanOf(ingest),
    deliver: meanOf(deliver),
    queues: sum([queues]),
    tables: sum([tables]),
    threads: ingest.length + deliver.length,
    handles: process.getActiveResourcesInfo().length,
    buffer: await stack.bufferDepth().catch(() => Number.NaN),
    ledger: await stack.ledgerSize().catch(() => Number.NaN),
  };
}

function sum(threads: readonly ThreadMemory[]): number {
  return threads.reduce((total, { heap, buffers }) => total + heap + buffers, 0);
}

function meanOf(threads: readonly ThreadMemory[]): number {
  return threads.length === 0 ? 0 : Math.round(sum(threads) / threads.length);
}
