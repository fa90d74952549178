import type { Result } from '../result.ts';

/**
 * The partition of the ledger where a person's pauses stand, an item for each source and one for all of them
 * (docs/decisions/0040-pause-and-try.md). No webhook's key begins like it.
 */
export const PAUSES = '#pause';

/** Stands for all sources. No source has this name. */
export const ALL_SOURCES = '*';

/** A worker asks again after this time: a pause has to hold within ten seconds, and an end of it may take as long. */
const KNOWN_MILLISECONDS = 5_000;

/** Whether a person has paused a source. */
export type IsPaused = (source: string) => Promise<boolean>;

/**
 * Keeps what was last read of the pauses. Where they cannot be read, the last that was known holds: without the ledger
 * nothing is sent anyway.
 * @param read the names of all that is paused
 */
export function createPauseWatch(
  read: () => Promise<Result<readonly string[], unknown>>,
  now: () => Date,
): IsPaused {
  let paused: readonly string[] = [];
  let asked: Promise<void> | undefined;
  let askedAt = 0;
  const ask = async () => {
    const found = await read();
    if (found.ok) paused = found.value;
  };
  return async (source) => {
    const at = now().getTime();
    if (asked === undefined || at - askedAt >= KNOWN_MILLISECONDS) {
      askedAt = at;
      asked = ask();
    }
    await asked;
    return paused.includes(source) || paused.includes(ALL_SOURCES);
  };
}

/** The longest time from one look at a paused webhook to the next: once resumed, it is late by that at most. */
const LONGEST_SECONDS = 300;

/** How long a paused webhook is hidden, in seconds. A short pause ends soon; a long one costs twelve receives an hour. */
export function pauseSeconds(receives: number): number {
  return Math.min(LONGEST_SECONDS, 10 * receives);
}

/**
 * After so many receives (some seven hours) a paused webhook is put on the buffer anew, so that neither its retry budget nor
 * the queue's retention ends while it waits for a person.
 */
export const PAUSE_COPY_RECEIVES = 100;
