import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Subject } from './subjects.ts';

/** A figure with its spread: the middle one of all that were measured, and the tenth and ninetieth of a hundred. */
export type Spread = { readonly median: number; readonly p10: number; readonly p90: number };

/** The spread of some measurements; there has to be one at least. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), p10: quantile(sorted, 0.1), p90: quantile(sorted, 0.9) };
}

/** What so large a part of all measurements does not exceed: 0.99 for the 99th of a hundred. */
export function percentile(values: readonly number[], part: number): number {
  return quantile(
    values.toSorted((one, other) => one - other),
    part,
  );
}

/** Takes the ratio of each measurement to that of its base in the same round, and then the spread of the ratios. */
export function ratioOf(values: readonly number[], bases: readonly number[]): Spread {
  return spreadOf(values.map((value, round) => value / (bases[round] ?? Number.NaN)));
}

/** Between two neighbours it lies in proportion. */
function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * The exponent by which a cost grows with a size: 0 is flat, 1 linear, 2 quadratic. It is the slope of the straight line
 * through the logarithms (least squares).
 */
export function growthExponent(points: readonly (readonly [size: number, cost: number])[]): number {
  const logs = points.map(([size, cost]) => [Math.log(size), Math.log(cost)] as const);
  const meanX = mean(logs.map(([x]) => x));
  const meanY = mean(logs.map(([, y]) => y));
  const covariance = mean(logs.map(([x, y]) => (x - meanX) * (y - meanY)));
  return covariance / mean(logs.map(([x]) => (x - meanX) ** 2));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Something short to be measured, many times over. */
type Work = () => unknown;

/** Microseconds per call, and the ratio to the base in the same round. */
export type WorkFigures = { readonly micros: Spread; readonly ratio: Spread };

/** How often all cases are measured in turn, and how long each of them in a round. */
export type WorkRounds = { readonly rounds: number; readonly milliseconds: number };

/** Measures all cases in turn, in this process, and compares each with the base round by round. */
export async function compareWork<Name extends string>(
  cases: Readonly<Record<Name, Work>>,
  base: NoInfer<Name>,
  { rounds, milliseconds }: WorkRounds,
): Promise<Readonly<Record<Name, WorkFigures>>> {
  const names = Object.keys(cases) as Name[];
  const measured = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (const name of names) await measureWork(cases[name], 10 * milliseconds);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) measured.get(name)?.push(await measureWork(cases[name], milliseconds));
  }
  const micros = (name: Name) => measured.get(name) ?? [];
  const figuresOf = (name: Name) => ({
    micros: spreadOf(micros(name)),
    ratio: ratioOf(micros(name), micros(base)),
  });
  return Object.fromEntries(names.map((name) => [name, figuresOf(name)])) as Record<Name, WorkFigures>;
}

/** Microseconds of CPU time per call. What gives a promise is awaited; what does not, is not. */
export async function measureWork(work: Work, milliseconds: number): Promise<number> {
  const isAsync = work() instanceof Promise;
  const before = process.cpuUsage();
  const end = performance.now() + milliseconds;
  let calls = 0;
  while (performance.now() < end) {
    for (let count = 0; count < 8; count += 1) {
      if (isAsync) await work();
      else work();
    }
    calls += 8;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

export const BOOT = fileURLToPath(new URL('boot.mjs', import.meta.url));

const coldSchema = z.object({
  loaded: z.number(),
  first: z.number(),
  answeredAt: z.number(),
  cpu: z.number(),
});

/** A cold start in milliseconds: until the code was loaded, the first event, until it was answered; and CPU time. */
type ColdStart = {
  readonly loaded: number;
  readonly first: number;
  readonly wall: number;
  readonly cpu: number;
};

/** What is started, and with which event. */
export type ColdCase = { readonly subject: Subject; readonly event: object };

/** Starts a fresh process, has it answer one event, and ends it. Throws if the event is not answered with success. */
async function startCold({ subject, event }: ColdCase): Promise<ColdStart> {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  const file = join(directory, 'event.json');
  writeFileSync(file, JSON.stringify(event));
  const startedAt = performance.timeOrigin + performance.now();
  const child = spawn(process.execPath, [BOOT, 'cold', subject.directory, file], {
    env: { ...subject.environment, HOME: directory },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [figures, problems] = await Promise.all([text(child.stdio[3] as never), text(child.stderr as never)]);
  rmSync(directory, { recursive: true });
  if (figures === '') throw new Error(`The function has not answered:\n${problems}`);
  const { answeredAt, ...rest } = coldSchema.parse(JSON.parse(figures));
  return { ...rest, wall: answeredAt - startedAt };
}

/** What was measured of one case: milliseconds, and the ratio to the base of the same round. */
type ColdFigures = { readonly wall: Spread; readonly ratio: Spread; readonly cpuRatio: Spread };

/** Starts all cases in turn, so many times, and compares each with the first, round by round. */
export async function compareColdStarts<Name extends string>(
  cases: Readonly<Record<Name, () => ColdCase>>,
  base: NoInfer<Name>,
  rounds: number,
): Promise<Readonly<Record<Name, ColdFigures>>> {
  const names = Object.keys(cases) as Name[];
  const measured = new Map<Name, ColdStart[]>(names.map((name) => [name, []]));
  for (const name of names) await startCold(cases[name]());
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) measured.get(name)?.push(await startCold(cases[name]()));
  }
  const column = (name: Name, figure: keyof ColdStart) =>
    (measured.get(name) ?? []).map((start) => start[figure]);
  const figuresOf = (name: Name): ColdFigures => ({
    wall: spreadOf(column(name, 'wall')),
    ratio: ratioOf(column(name, 'wall'), column(base, 'wall')),
    cpuRatio: ratioOf(column(name, 'cpu'), column(base, 'cpu')),
  });
  return Object.fromEntries(names.map((name) => [name, figuresOf(name)])) as Record<Name, ColdFigures>;
}

const warmSchema = z.object({ cpu: z.number(), wall: z.number(), peak: z.number() });

/** Microseconds per event, and the ratio of CPU time to that of the base in the same round. */
type WarmFigures = { readonly cpu: Spread; readonly wall: Spread; readonly ratio: Spread };

type WarmFunction = {
  readonly child: ChildProcess;
  /** Microseconds of CPU and of wall time per event, and the peak memory so far in megabytes. */
  readonly run: (events: number) => Promise<z.infer<typeof warmSchema>>;
  readonly stop: () => void;
};

/**
 * Starts a function in a process of its own; `run` has it work on this many events, one after the other.
 * @param log descriptor of the file that its log goes to
 */
export async function startWarm({ subject, event }: ColdCase, log?: number): Promise<WarmFunction> {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  const file = join(directory, 'event.json');
  writeFileSync(file, JSON.stringify(event));
  const child = fork(BOOT, ['warm', subject.directory, file], {
    env: { ...subject.environment, HOME: directory },
    execArgv: [],
    stdio: ['ignore', log ?? 'ignore', 'inherit', 'ipc'],
  });
  await nextMessage(child);
  return {
    child,
    run: async (events) => {
      child.send(events);
      return warmSchema.parse(await nextMessage(child));
    },
    stop: () => {
      child.disconnect();
      rmSync(directory, { recursive: true });
    },
  };
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`The function has ended with ${code}.`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

/** How long each case is measured: so many launches of a process, each with so many rounds. */
export type WarmRounds = {
  readonly launches: number;
  readonly rounds: number;
  readonly events: number;
  readonly warmUp: number;
};

type Measured<Name extends string> = Readonly<Record<Name, readonly z.infer<typeof warmSchema>[]>>;

/**
 * Has all cases work in turn, and compares each with the base round by round. Several launches are pooled, since V8 compiles the
 * same code differently in each: two launches can differ by a fifth.
 */
export async function compareWarm<Name extends string>(
  cases: Readonly<Record<Name, ColdCase>>,
  base: NoInfer<Name>,
  { launches, ...effort }: WarmRounds,
): Promise<Readonly<Record<Name, WarmFigures>>> {
  const measured: Measured<Name>[] = [];
  for (let launch = 0; launch < launches; launch += 1) measured.push(await measureLaunch(cases, effort));
  const column = (name: Name, figure: 'cpu' | 'wall') =>
    measured.flatMap((launch) => launch[name].map((round) => round[figure]));
  const figuresOf = (name: Name): WarmFigures => ({
    cpu: spreadOf(column(name, 'cpu')),
    wall: spreadOf(column(name, 'wall')),
    ratio: ratioOf(column(name, 'cpu'), column(base, 'cpu')),
  });
  const names = Object.keys(cases) as Name[];
  return Object.fromEntries(names.map((name) => [name, figuresOf(name)])) as Record<Name, WarmFigures>;
}

async function measureLaunch<Name extends string>(
  cases: Readonly<Record<Name, ColdCase>>,
  { rounds, events, warmUp }: Omit<WarmRounds, 'launches'>,
): Promise<Measured<Name>> {
  const names = Object.keys(cases) as Name[];
  const functions = new Map<Name, WarmFunction>();
  for (const name of names) functions.set(name, await startWarm(cases[name]));
  const measured = new Map<Name, z.infer<typeof warmSchema>[]>(names.map((name) => [name, []]));
  for (const name of names) await functions.get(name)?.run(warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, { run }] of functions) measured.get(name)?.push(await run(events));
  }
  for (const { stop } of functions.values()) stop();
  return Object.fromEntries(measured) as Record<Name, z.infer<typeof warmSchema>[]>;
}
