import { setTimeout as wait } from 'node:timers/promises';

/** INIT may take ten seconds in all; what has not answered by then can as well be waited for by the first event. */
const LONGEST_MILLISECONDS = 2_000;

/**
 * So many sources are made ready at a cold start. A stage has a handful; of one with more, a secret each would be a call and
 * a connection each, whose CPU time grows beyond all else, and a cold start's events are of a few sources anyway. The others
 * are made ready when their first webhook comes.
 */
export const PREPARED_SOURCES = 8;

/**
 * Does at the cold start what the first event would have to wait for: secrets are read and connections made while Lambda
 * gives a function its full CPU, whatever memory it has. Never fails: what went wrong is met again by the event that
 * needs it, which says so.
 */
export async function warmUp(...work: readonly Promise<unknown>[]): Promise<void> {
  const late = new AbortController();
  const isOver = wait(LONGEST_MILLISECONDS, undefined, { signal: late.signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(work), isOver]);
  late.abort();
}
