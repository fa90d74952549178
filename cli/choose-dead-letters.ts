import { fail, type Result, succeed } from '../lambdas/result.ts';
import { type Account, type AccountChoice, openAccount } from './account.ts';
import { type DeadLetter, readLetters } from './dead-letter.ts';
import { tellCount } from './progress.ts';
import {
  type DeadLetterQueue,
  type HeldMessage,
  hideFor,
  holdAll,
  openDeadLetters,
} from './read-dead-letters.ts';
import { type DeadLetterFilters, filterLetters, findLetters, hasFilter } from './select-dead-letters.ts';

export type DeadLetterChoice = DeadLetterFilters & {
  readonly ids: readonly string[];
  readonly all?: boolean | undefined;
};

/** A dead letter that nobody else sees while something is done about it. */
export type HeldLetter = { readonly letter: DeadLetter; readonly held: HeldMessage };

export type ChosenLetters = {
  readonly account: Account;
  readonly queue: DeadLetterQueue;
  readonly chosen: readonly HeldLetter[];
};

/** Why a choice is none. */
function checkChoice({ ids, all, ...filters }: DeadLetterChoice): string | undefined {
  const given = [ids.length > 0, all === true, hasFilter(filters)].filter(Boolean).length;
  if (given === 0)
    return 'Say which: ids, filters (--code, --source, --event, --older-than, --newer-than), or --all.';
  return given > 1 ? 'Give ids, or filters, or --all: one of the three.' : undefined;
}

/** Holds the dead letters that a person chose, and shows all others again at once; fails with a sentence. */
export async function holdChosen(
  choice: AccountChoice & DeadLetterChoice,
): Promise<Result<ChosenLetters, string>> {
  const usage = checkChoice(choice);
  if (usage !== undefined) return fail(usage);
  const account = await openAccount(choice);
  if (!account.ok) return account;
  const queue = await openDeadLetters(account.value);
  const messages = await holdAll(queue, tellCount());
  const letters = readLetters(messages);
  const found =
    choice.ids.length > 0
      ? findLetters(letters, choice.ids)
      : succeed(filterLetters(letters, choice, account.value.clock.now()));
  const ids = new Set(found.ok ? found.value.map(({ messageId }) => messageId) : []);
  await hideFor(
    queue,
    messages.filter(({ messageId }) => !ids.has(messageId)),
    0,
  );
  if (!found.ok) return fail(found.failure);
  const chosen = found.value.flatMap((letter) => {
    const held = messages.find(({ messageId }) => messageId === letter.messageId);
    return held === undefined ? [] : [{ letter, held }];
  });
  return succeed({ account: account.value, queue, chosen });
}
