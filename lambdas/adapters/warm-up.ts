import { setTimeout as wait } from 'node:timers/promises';

/** INIT may take ten seconds in all. The first event waits for what has not answered by then. */
const LONGEST_MILLISECONDS = 2_000;

/**
 * How many sources are prepared at a cold start. Most stages have fewer. In a stage with many, a call for each secret would
 * dominate the cold start, and the events that follow it are from a few sources anyway. The others are prepared when their
 * first webhook comes.
 */
export const PREPARED_SOURCES = 8;

/**
 * Reads secrets and opens connections at the cold start, while Lambda gives a function its full CPU, so that the first event
 * does not wait for them. Never fails: the event that needs what went wrong meets the failure again and reports it.
 */
export async function warmUp(...work: readonly Promise<unknown>[]): Promise<void> {
  const late = new AbortController();
  const isOver = wait(LONGEST_MILLISECONDS, undefined, { signal: late.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(work), isOver]);
  late.abort();
}
