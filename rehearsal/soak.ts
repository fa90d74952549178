import { setTimeout as wait } from 'node:timers/promises';
import { styleText } from 'node:util';
import { measureOwnThread, type ThreadMemory } from '../local/emulator/thread-memory.ts';
import type { Scoreboard } from './judge/judge.ts';
import { FAULTS } from './plan/faults.ts';
import type { Rehearsal } from './rehearsal.ts';
import { judgeTrends, type Sample, type Trend } from './trend.ts';

/** Webhooks of one round. */
const ROUND_EVENTS = 200;

type SoakSettings = {
  readonly minutes: number;
  readonly seed: number;
  readonly deadlineSeconds: number;
  readonly onProgress: (sentence: string) => void;
};

/** What a soak has come to. */
type SoakReport = {
  readonly ok: boolean;
  readonly seed: number;
  readonly minutes: number;
  readonly rounds: number;
  readonly events: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly wrong: readonly string[];
  readonly trends: readonly Trend[];
  readonly samples: readonly Sample[];
};

/**
 * Rehearses round after round on one stack, each with a seed of its own, and watches what it takes. Nobody kills the
 * workers: a function that is started anew forgets whatever it has not given back.
 */
export async function soak(rehearsal: Rehearsal, settings: SoakSettings): Promise<SoakReport> {
  const { minutes, seed, deadlineSeconds, onProgress } = settings;
  const faults = FAULTS.filter(({ killsWorkers }) => killsWorkers !== true);
  const startedAt = performance.now();
  const scores: Scoreboard[] = [];
  const total = (name: 'events' | 'lost' | 'duplicated') => scores.reduce((sum, one) => sum + one[name], 0);
  const watch = watchStack(rehearsal, () => total('events'));
  while (performance.now() - startedAt < minutes * 60_000) {
    const plan = await rehearsal.plan({
      seed: seed * 10_000 + scores.length,
      events: ROUND_EVENTS,
      faults,
      befalls: (name) => scores.length === 0 || !ONCE.includes(name),
    });
    scores.push(await rehearsal.play(plan, { deadlineSeconds }));
    onProgress(
      `Round ${scores.length}: ${scores.at(-1)?.ok === true ? 'all accounted for' : 'not in order'}`,
    );
  }
  const samples = await watch.stop();
  const trends = judgeTrends(samples);
  return {
    ok: scores.every(({ ok }) => ok) && trends.every(({ verdict }) => verdict !== 'growing'),
    seed,
    minutes: Math.round((performance.now() - startedAt) / 6_000) / 10,
    rounds: scores.length,
    events: total('events'),
    lost: total('lost'),
    duplicated: total('duplicated'),
    wrong: scores.flatMap(({ wrong }) => wrong),
    trends,
    samples,
  };
}

/** Ingest looks for a secret again once a minute at most. */
const ONCE: readonly string[] = ['signing-secret-rotated', 'late-secret-set'];

const IN_BYTES: readonly (keyof Sample)[] = [
  'rss',
  'reserve',
  'main',
  'ingest',
  'deliver',
  'queues',
  'tables',
];

/** A soak for a person: what was seen over time, and how it went. */
export function formatSoak({ samples, trends, ...report }: SoakReport): string {
  const names = Object.keys(samples[0] ?? {}) as (keyof Sample)[];
  const every = Math.max(1, Math.floor(samples.length / 20));
  const shown = samples.filter((_, index) => index % every === 0);
  return [
    styleText('bold', `Soak of ${report.minutes} minutes, ${report.rounds} rounds, seed ${report.seed}`),
    `  ${report.events} events, ${report.lost} lost, ${report.duplicated} duplicated`,
    names.map((name) => name.padStart(10)).join(''),
    ...shown.map((sample) => names.map((name) => tell(name, sample[name]).padStart(10)).join('')),
    ...trends.map(formatTrend),
    ...report.wrong.slice(0, 20).map((sentence) => styleText('red', `  ${sentence}`)),
    report.ok ? styleText('green', 'Flat, or explained.') : styleText('red', 'Not as it should be.'),
  ].join('\n');
}

function formatTrend({ measure, before, after, verdict, why }: Trend): string {
  const text = `  ${measure.padEnd(10)} ${tell(measure, before)} → ${tell(measure, after)}: ${verdict}${why === undefined ? '' : `, ${why}`}`;
  return verdict === 'growing' ? styleText('red', text) : text;
}

function tell(name: keyof Sample, value: number): string {
  return IN_BYTES.includes(name) ? `${(value / 1_048_576).toFixed(0)} MB` : String(value);
}

/** Between two samples, in true milliseconds. */
const SAMPLE_MILLISECONDS = 10_000;

/** Watches what a stack takes until it is stopped; `events` says how many have been played so far. */
function watchStack(
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
