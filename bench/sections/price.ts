import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { lineBytes } from '../billed-bytes.ts';
import { httpEvent, invoiceBody, sqsEvent } from '../events.ts';
import { type Figure, round, type World } from '../figures.ts';
import { type ColdCase, startWarm } from '../measure.ts';
import type { Endpoints, Subject } from '../subjects.ts';

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

/** Calls by operation. */
type Calls = Readonly<Record<string, number>>;

/** What a function calls once per cold start, and what per event after that; and the bytes that it logs of an event. */
type CountedCalls = { readonly coldStart: Calls; readonly perEvent: Calls; readonly logBytes: number };

const EVENTS = 10;

/** Counts the calls of a function, and its log; nothing of it depends on how fast the machine is. */
async function countCalls(measured: ColdCase, endpoints: Endpoints): Promise<CountedCalls> {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  const file = join(directory, 'log');
  const log = openSync(file, 'w');
  await endpoints.takeCounts();
  const { run, stop } = await startWarm(measured, log);
  await run(1);
  const first = await endpoints.takeCounts();
  await run(EVENTS);
  const warm = await endpoints.takeCounts();
  stop();
  closeSync(log);
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  rmSync(directory, { recursive: true });
  const perEvent = Object.fromEntries(Object.entries(warm).map(([name, count]) => [name, count / EVENTS]));
  const coldStart = Object.fromEntries(
    Object.entries(first)
      .map(([name, count]) => [name, count - (perEvent[name] ?? 0)] as const)
      .filter(([, count]) => count !== 0),
  );
  const logBytes = lines.reduce((sum, line) => sum + lineBytes(line), 0) / (1 + EVENTS);
  return { coldStart, perEvent, logBytes };
}

/** P8: gzipped code that a cold start loads. */
export function measureSizes({ subjects }: Pick<World, 'subjects'>): readonly Figure[] {
  const size = (what: string, bytes: number, goal?: number): Figure => ({
    id: 'P8',
    what,
    unit: 'KB',
    value: round(bytes / 1000),
    ...(goal !== undefined && { goal, isHeld: true }),
  });
  const deliver = measureCode(subjects.deliver);
  return [
    size('ingest, gzipped code that a cold start loads', measureCode(subjects.ingest).atOnce, 80),
    size('usual ingest', measureCode(subjects.usualIngest).atOnce),
    size('deliver, gzipped code that a cold start loads', deliver.atOnce, 110),
    size('deliver, code that only some mappings need', deliver.later),
    size('usual deliver', measureCode(subjects.usualDeliver).atOnce),
  ];
}

/** Gzipped bytes of code: what a cold start loads, and what is loaded when a mapping needs it. */
type CodeSize = { readonly atOnce: number; readonly later: number };

/** What a cold start loads of a function; every other file of code is a chunk. */
const LOADED_AT_ONCE = ['index.js', 'index.mjs', 'bundle.cjs'];

/** Measures the code of a function. Two versions of zlib may differ by some bytes. */
function measureCode({ directory }: Subject): CodeSize {
  const sizeOf = (file: string) => gzipSync(readFileSync(join(directory, file)), { level: 9 }).length;
  const code = readdirSync(directory).filter((file) => /\.[cm]?js$/.test(file));
  const sum = (isAtOnce: boolean) =>
    code
      .filter((file) => LOADED_AT_ONCE.includes(file) === isAtOnce)
      .reduce((bytes, file) => bytes + sizeOf(file), 0);
  return { atOnce: sum(true), later: sum(false) };
}
