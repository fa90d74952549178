import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { BOOT, type ColdCase } from './cold-start.ts';
import { ratioOf, type Spread, spreadOf } from './statistics.ts';

const figuresSchema = z.object({ cpu: z.number(), wall: z.number(), peak: z.number() });

/** Microseconds per event, and the ratio of CPU time to that of the base in the same round. */
export type WarmFigures = { readonly cpu: Spread; readonly wall: Spread; readonly ratio: Spread };

type WarmFunction = {
  readonly child: ChildProcess;
  /** Microseconds of CPU and of wall time per event, and the peak memory so far in megabytes. */
  readonly run: (events: number) => Promise<z.infer<typeof figuresSchema>>;
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
      return figuresSchema.parse(await nextMessage(child));
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

type Measured<Name extends string> = Readonly<Record<Name, readonly z.infer<typeof figuresSchema>[]>>;

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
  const measured = new Map<Name, z.infer<typeof figuresSchema>[]>(names.map((name) => [name, []]));
  for (const name of names) await functions.get(name)?.run(warmUp);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, { run }] of functions) measured.get(name)?.push(await run(events));
  }
  for (const { stop } of functions.values()) stop();
  return Object.fromEntries(measured) as Record<Name, z.infer<typeof figuresSchema>[]>;
}
