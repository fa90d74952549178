import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoints } from '../stub/start-endpoints.ts';
import { lineBytes } from './billed-bytes.ts';
import type { ColdCase } from './cold-start.ts';
import { startWarm } from './warm.ts';

/** Calls by operation. */
export type Calls = Readonly<Record<string, number>>;

/** What a function calls once per cold start, and what per event after that; and the bytes that it logs of an event. */
export type CountedCalls = { readonly coldStart: Calls; readonly perEvent: Calls; readonly logBytes: number };

const EVENTS = 10;

/** Counts the calls of a function, and its log; nothing of it depends on how fast the machine is. */
export async function countCalls(measured: ColdCase, endpoints: Endpoints): Promise<CountedCalls> {
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
