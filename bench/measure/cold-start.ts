import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Subject } from '../subjects.ts';
import { ratioOf, type Spread, spreadOf } from './statistics.ts';

export const BOOT = fileURLToPath(new URL('../boot.mjs', import.meta.url));

const figuresSchema = z.object({
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
  const { answeredAt, ...rest } = figuresSchema.parse(JSON.parse(figures));
  return { ...rest, wall: answeredAt - startedAt };
}

/** What was measured of one case: milliseconds, and the ratio to the base of the same round. */
export type ColdFigures = { readonly wall: Spread; readonly ratio: Spread; readonly cpuRatio: Spread };

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
