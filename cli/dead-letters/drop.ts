import { userInfo } from 'node:os';
import type { AccountChoice } from '../../answers/account.ts';
import {
  type DeadLetterChoice,
  eventNameOf,
  type HeldLetter,
  holdChosen,
  ledgerWebhookOf,
} from '../../answers/dead-letter.ts';
import { hideFor, removeLetter } from '../../answers/dead-letter-queue.ts';
import { type LedgerAction, recordAction } from '../../answers/ledger-items.ts';
import { type Ask, askAtTerminal, type CommandResult, refuse } from '../command-line.ts';

export type DropOptions = AccountChoice &
  DeadLetterChoice & {
    readonly reason: string;
    readonly by?: string | undefined;
    readonly yes?: boolean | undefined;
    readonly dryRun?: boolean | undefined;
    readonly json?: boolean | undefined;
  };

/** `adapter dead-letter drop`: takes dead letters away for good; who and why is kept in the ledger. */
export async function dropDeadLetters(
  options: DropOptions,
  ask: Ask | undefined = askAtTerminal(process.stdin, process.stderr),
): Promise<CommandResult> {
  const usage = checkUsage(options, ask);
  if (usage !== undefined) return refuse(usage);
  const held = await holdChosen(options);
  if (!held.ok) return refuse(held.failure);

  const { account, queue, chosen } = held.value;
  const dropped: HeldLetter[] = [];
  try {
    if (chosen.length === 0) return { text: 'There is no such dead letter.', exitCode: 0 };
    if (options.dryRun === true) return tell(chosen, 'would be dropped; nothing was changed', options);
    const isSure = options.yes === true || (await ask?.(questionAbout(chosen))) === true;
    if (!isSure) return { text: 'Nothing was dropped.', exitCode: 1 };
    for (const one of chosen) {
      // The reason first: a dead letter must not be gone without one.
      await recordAction(account, formatDrop(one, account.clock.now(), options));
      await removeLetter(queue, one.held);
      dropped.push(one);
    }
    return tell(dropped, 'dropped', options);
  } finally {
    const rest = chosen.filter((one) => !dropped.includes(one));
    await hideFor(
      queue,
      rest.map(({ held }) => held),
      0,
    );
  }
}

function checkUsage(options: DropOptions, ask: Ask | undefined): string | undefined {
  if (options.reason.trim() === '')
    return '--reason must say why: it is all that is left of the dead letter.';
  if (ask === undefined && options.yes !== true && options.dryRun !== true) {
    return 'There is no terminal to ask at: give --yes to drop without being asked.';
  }
  return undefined;
}

function formatDrop({ letter }: HeldLetter, at: Date, { by, reason }: DropOptions): LedgerAction {
  const { code, note } = letter;
  return {
    webhook: ledgerWebhookOf(letter),
    action: 'dropped',
    at,
    by: by ?? userInfo().username,
    reason: reason.trim(),
    code,
    ...(note?.event !== undefined && { about: note.event }),
  };
}

function questionAbout(chosen: readonly HeldLetter[]): string {
  return `${chosen.map(formatHeld).join('\n')}\nDrop ${chosen.length}? Their webhooks are gone for good. [y/N] `;
}

function formatHeld({ letter }: HeldLetter): string {
  const { id, code, source, deduplicationId } = letter;
  return [id, code, source, deduplicationId, eventNameOf(letter)].filter(Boolean).join('  ');
}

function tell(letters: readonly HeldLetter[], what: string, { json, reason }: DropOptions): CommandResult {
  if (json === true) {
    const told = letters.map(({ letter: { id, messageId, code } }) => ({
      id,
      messageId,
      code,
      outcome: what,
    }));
    return { text: JSON.stringify(told, null, 2), exitCode: 0 };
  }
  const text = [...letters.map(formatHeld), '', `${letters.length} ${what}. Reason: ${reason.trim()}`].join(
    '\n',
  );
  return { text, exitCode: 0 };
}
