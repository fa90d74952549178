import { setTimeout as wait } from 'node:timers/promises';
import { styleText } from 'node:util';
import { measureOwnThread, type ThreadMemory } from '../local/emulator/host.ts';
import type { Scoreboard } from './judge/scoreboard.ts';
import { FAULTS } from './plan/faults.ts';
import type { Rehearsal } from './rehearsal.ts';

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
 * Rehearses round after round on one stack, each with a seed of its own, and watches memory and queues. It kills no
 * workers: a restarted function would hide what it has not given back.
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
      befalls: (name) => !RENEWING.includes(name) && (scores.length === 0 || !ONCE.includes(name)),
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

/** Only in the first round: ingest looks for a secret again once a minute at most, and an hour takes half a minute. */
const ONCE: readonly string[] = ['signing-secret-rotated', 'late-secret-set', 'hour-of-failures'];

/** A deploy starts functions anew, as a kill does. */
const RENEWING: readonly string[] = ['mapping-changed', 'mapping-restored'];

const IN_BYTES: readonly (keyof Sample)[] = [
  'rss',
  'reserve',
  'main',
  'ingest',
  'deliver',
  'queues',
  'tables',
];

/** A soak for a person: the samples, the trends and the verdict. */
export function formatSoak({ samples, trends, ...report }: SoakReport): string {
  const names = Object.keys(samples[0] ?? {}) as (keyof Sample)[];
  const every = Math.max(1, Math.floor(samples.length / 20));
  const shown = samples.filter((_, index) => index % every === 0);
  return [
    styleText('bold', `Soak of ${report.minutes} minutes, ${report.rounds} rounds, seed ${report.seed}`),
    `  ${report.events} events, ${report.lost} lost, ${report.duplicated} duplicated`,
    names.map((name) => name.padStart(10)).join(''),
    ...shown.map((sample) => names.map((name) => formatValue(name, sample[name]).padStart(10)).join('')),
    ...trends.map(formatTrend),
    ...report.wrong.slice(0, 20).map((sentence) => styleText('red', `  ${sentence}`)),
    report.ok ? styleText('green', 'Flat, or explained.') : styleText('red', 'Not as it should be.'),
  ].join('\n');
}

function formatTrend({ measure, before, after, verdict, why }: Trend): string {
  const text = `  ${measure.padEnd(10)} ${formatValue(measure, before)} → ${formatValue(measure, after)}: ${verdict}${why === undefined ? '' : `, ${why}`}`;
  return verdict === 'growing' ? styleText('red', text) : text;
}

function formatValue(name: keyof Sample, value: number): string {
  return IN_BYTES.includes(name) ? `${(value / 1_048_576).toFixed(0)} MB` : String(value);
}

/** Between two samples, in true milliseconds. */
const SAMPLE_MILLISECONDS = 10_000;

/** Samples a stack until it is stopped; `events` counts those that have been played so far. */
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

/** Measures a stack as it is now. A queue or ledger that is away counts as NaN. */
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

/** What a soak has seen at one moment. Memory is in bytes: objects and buffers in use, after a garbage collection. */
export type Sample = {
  readonly seconds: number;
  /** Of the whole process, as the operating system has it. */
  readonly rss: number;
  /** What of it no thread holds: code, stacks, and what V8 and malloc have not given back. */
  readonly reserve: number;
  /** The thread that plays and judges: HTTP API, vendors and Webex Campaign. */
  readonly main: number;
  /** Of a function for each of its threads on average. */
  readonly ingest: number;
  readonly deliver: number;
  /** What stands for SQS, and for DynamoDB. */
  readonly queues: number;
  readonly tables: number;
  /** Of both functions. */
  readonly threads: number;
  readonly handles: number;
  /** Messages. */
  readonly buffer: number;
  /** Items, and the events of the rounds that are over. */
  readonly ledger: number;
  readonly events: number;
};

type Measure = Exclude<keyof Sample, 'seconds' | 'events'>;

/** How a measure went from the second quarter of a soak to its last: the first is warming up. */
export type Trend = {
  readonly measure: Measure;
  readonly before: number;
  readonly after: number;
  readonly verdict: 'flat' | 'explained' | 'growing';
  readonly why?: string;
};

const MEGABYTE = 1_048_576;

/** What a measure may grow by and still be called flat: as a part of itself, and in its own unit. */
const TOLERANCES: Readonly<Record<Measure, { readonly part: number; readonly most: number }>> = {
  rss: { part: 0.05, most: 20 * MEGABYTE },
  reserve: { part: 0.1, most: 20 * MEGABYTE },
  main: { part: 0.1, most: 10 * MEGABYTE },
  ingest: { part: 0.1, most: 3 * MEGABYTE },
  deliver: { part: 0.1, most: 3 * MEGABYTE },
  queues: { part: 0.1, most: 5 * MEGABYTE },
  tables: { part: 0, most: 5 * MEGABYTE },
  threads: { part: 0, most: 2 },
  handles: { part: 0.1, most: 20 },
  buffer: { part: 0, most: 50 },
  ledger: { part: 0, most: 0 },
};

const MEASURES = Object.keys(TOLERANCES) as readonly Measure[];

/**
 * An event has an item of its own and its webhook one for each delivery of it, and what a person does one more. Of a
 * round that is not over the items are there and the events are not, so that many are allowed for beside.
 */
const ITEMS_AN_EVENT = 3;
const ITEMS_OF_A_ROUND = 1_000;

/** What an item may take in dynalite, which keeps it as bytes, in a tree, in its index and in its log. */
const ITEM_BYTES = 16_384;

type Change = { readonly before: number; readonly after: number };

/** Judges each measure by its lowest values: a peak only shows what is being worked on at that moment. */
export function judgeTrends(samples: readonly Sample[]): readonly Trend[] {
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  const early = samples.slice(quarter, 2 * quarter);
  const late = samples.slice(-quarter);
  const changeOf = (measure: Measure | 'events') => ({
    before: lowest(early, measure),
    after: lowest(late, measure),
  });
  return MEASURES.map((measure) => judgeMeasure(measure, changeOf));
}

type ChangeOf = (measure: Measure | 'events') => Change;

function judgeMeasure(measure: Measure, changeOf: ChangeOf): Trend {
  const change = changeOf(measure);
  const excess = excessOf(measure, change);
  if (excess <= 0) return { measure, ...change, verdict: 'flat' };
  const why = EXPLANATIONS[measure]?.(excess, changeOf);
  return why === undefined
    ? { measure, ...change, verdict: 'growing' }
    : { measure, ...change, verdict: 'explained', why };
}

/** What a thing has grown by beyond what is called flat. */
function excessOf(measure: Measure, change: Change): number {
  const { part, most } = TOLERANCES[measure];
  return growth(change) - Math.max(most, change.before * part);
}

function growth({ before, after }: Change): number {
  return after - before;
}

type Explain = (excess: number, changeOf: ChangeOf) => string | undefined;

/** The ledger grows by design, dynalite, which holds it, with it, and the whole with that; nothing else has an excuse. */
const EXPLANATIONS: Partial<Readonly<Record<Measure, Explain>>> = {
  ledger: (items, changeOf) => {
    const events = growth(changeOf('events'));
    if (items > events * ITEMS_AN_EVENT + ITEMS_OF_A_ROUND) return undefined;
    return `${items} items more for ${events} events more: it remembers each for 30 days`;
  },
  tables: (_, changeOf) => {
    const [bytes, items] = [growth(changeOf('tables')), growth(changeOf('ledger'))];
    if (bytes > items * ITEM_BYTES) return undefined;
    return `${Math.round(bytes / items)} bytes for each item more in the ledger, which dynalite never forgets`;
  },
  rss: (excess, changeOf) => {
    const tables = growth(changeOf('tables'));
    if (excess > tables || judgeMeasure('tables', changeOf).verdict === 'growing') return undefined;
    return `the ledger's own are ${formatMegabytes(tables)} of it, without which it would be flat`;
  },
};

function formatMegabytes(bytes: number): string {
  return `${Math.round(bytes / MEGABYTE)} MB`;
}

/** Leaves out NaN, of moments at which something was away. */
function lowest(samples: readonly Sample[], measure: keyof Sample): number {
  const values = samples.map((sample) => sample[measure]).filter((value) => !Number.isNaN(value));
  return values.length === 0 ? 0 : Math.min(...values);
}
