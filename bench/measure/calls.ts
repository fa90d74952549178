import type { Endpoints } from '../stub/start-endpoints.ts';
import type { ColdCase } from './cold-start.ts';
import { startWarm } from './warm.ts';

/** Calls by operation. */
export type Calls = Readonly<Record<string, number>>;

/** What a function calls once per cold start, and what per event after that. */
export type CountedCalls = { readonly coldStart: Calls; readonly perEvent: Calls };

const EVENTS = 10;

/** Counts the calls of a function; nothing of it depends on how fast the machine is. */
export async function countCalls(measured: ColdCase, endpoints: Endpoints): Promise<CountedCalls> {
  await endpoints.takeCounts();
  const { run, stop } = await startWarm(measured);
  await run(1);
  const first = await endpoints.takeCounts();
  await run(EVENTS);
  const warm = await endpoints.takeCounts();
  stop();
  const perEvent = Object.fromEntries(Object.entries(warm).map(([name, count]) => [name, count / EVENTS]));
  const coldStart = Object.fromEntries(
    Object.entries(first)
      .map(([name, count]) => [name, count - (perEvent[name] ?? 0)] as const)
      .filter(([, count]) => count !== 0),
  );
  return { coldStart, perEvent };
}
