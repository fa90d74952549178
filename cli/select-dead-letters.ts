import { fail, type Result, succeed } from '../lambdas/result.ts';
import type { DeadLetter } from './dead-letter.ts';

/** Which dead letters a command is about: all that every given filter lets through. */
export type DeadLetterFilters = {
  readonly source?: string | undefined;
  readonly code?: string | undefined;
  /** The name of the event in the mapping. */
  readonly event?: string | undefined;
  /** Seconds since it became a dead letter. */
  readonly olderThan?: number | undefined;
  readonly newerThan?: number | undefined;
};

/** Whether anything narrows the choice. */
export function hasFilter(filters: DeadLetterFilters): boolean {
  const { source, code, event, olderThan, newerThan } = filters;
  return [source, code, event, olderThan, newerThan].some((filter) => filter !== undefined);
}

/** The dead letters that the filters let through. */
export function filterLetters(
  letters: readonly DeadLetter[],
  { source, code, event, olderThan = 0, newerThan = Number.POSITIVE_INFINITY }: DeadLetterFilters,
  now: Date,
): readonly DeadLetter[] {
  return letters.filter((letter) => {
    const age = (now.getTime() - letter.since.getTime()) / 1000;
    return (
      (source === undefined || letter.source === source) &&
      (code === undefined || letter.code === code) &&
      (event === undefined || letter.note?.event === event) &&
      // A clock that runs behind the queue's must not hide what has just come.
      (olderThan === 0 || age >= olderThan) &&
      age <= newerThan
    );
  });
}

/** Finds dead letters by the ids that a person typed; fails with a sentence where one is none, or not one alone. */
export function findLetters(
  letters: readonly DeadLetter[],
  ids: readonly string[],
): Result<readonly DeadLetter[], string> {
  const found: DeadLetter[] = [];
  for (const id of ids) {
    const [letter, ...others] = letters.filter(({ messageId }) => messageId.startsWith(id));
    if (letter === undefined) {
      return fail(`There is no dead letter ${id}. "dead-letter list" shows those there are.`);
    }
    if (others.length > 0)
      return fail(`${id} stands for ${others.length + 1} dead letters: give more of it.`);
    if (!found.includes(letter)) found.push(letter);
  }
  return succeed(found);
}
