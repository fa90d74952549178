import { userInfo } from 'node:os';
import type { Command } from 'commander';
import {
  type DeadLetterChoice,
  eventNameOf,
  ledgerWebhookOf,
  messagesKeeping,
  type TakenChoice,
  type TakenDeadLetter,
  takeChosen,
} from '../../answers/dead-letter.ts';
import { putMessage, removeDeadLetter, showAgain } from '../../answers/dead-letter-queue.ts';
import { recordActions } from '../../answers/ledger-items.ts';
import { failuresOf } from '../../answers/letter-events.ts';
import type { AccountChoice } from '../../answers/project.ts';
import { joinLines } from '../../lib/config/print.ts';
import {
  type Ask,
  askAtTerminal,
  type CommandResult,
  example,
  formatCount,
  refuse,
  run,
} from '../command-line.ts';
import { withEvent, withFilters } from './list.ts';

type DropOptions = AccountChoice &
  DeadLetterChoice & {
    readonly reason: string;
    readonly by?: string | undefined;
    readonly yes?: boolean | undefined;
    readonly dryRun?: boolean | undefined;
    readonly json?: boolean | undefined;
  };

export function registerDrop(group: Command): void {
  withEvent(withFilters(group.command('drop')))
    .description('take dead letters away for good; who and why is kept in the ledger')
    .argument('[ids...]', 'as in the list; their beginnings are enough')
    .requiredOption('--reason <text>', 'why: no personal data, it is kept for a month')
    .option('--all', 'everything')
    .option('--by <name>', 'who decided (default: the user of this machine)')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be dropped, and change nothing')
    .addHelpText('after', example('dead-letter drop 1f3c9a2b --reason "arrived, says Cisco"'))
    .action((ids, options) => run(() => dropDeadLetters({ ids, ...options })));
}

/** `adapter dead-letter drop`: takes dead letters away for good; the ledger keeps who did it and why. */
export async function dropDeadLetters(
  options: DropOptions,
  ask: Ask | undefined = askAtTerminal(process.stdin, process.stderr),
): Promise<CommandResult> {
  const problem = checkUsage(options, ask);
  if (problem !== undefined) return refuse(problem);
  const choice = await takeChosen(options);
  if (!choice.ok) return refuse(choice.failure);

  const { queue, chosen } = choice.value;
  const dropped: TakenDeadLetter[] = [];
  try {
    if (chosen.length === 0) return { text: 'No dead letter matches.', exitCode: 0 };
    if (options.dryRun === true)
      return formatDropped(chosen, 'would be dropped; nothing was changed', options);
    const isSure = options.yes === true || (await ask?.(questionAbout(chosen))) === true;
    if (!isSure) return { text: 'Nothing was dropped.', exitCode: 1 };
    for (const one of chosen) {
      await dropOne(one, choice.value, options);
      dropped.push(one);
    }
    return formatDropped(dropped, 'dropped', options);
  } finally {
    const rest = chosen.filter((one) => !dropped.includes(one));
    await showAgain(
      queue,
      rest.map(({ message }) => message),
    );
  }
}

function checkUsage({ reason, yes, dryRun }: DropOptions, ask: Ask | undefined): string | undefined {
  if (reason.trim() === '') return '--reason must say why: it is all that is left of the dead letter.';
  if (ask === undefined && yes !== true && dryRun !== true) {
    return 'There is no terminal to ask at: give --yes to drop without being asked.';
  }
  return undefined;
}

/**
 * The reason first: a dead letter must not be gone without one. Events that a person did not choose become a dead letter of
 * their own before this one is removed.
 */
export async function dropOne(
  { deadLetter, message, chosen, rest }: TakenDeadLetter,
  { account, queue }: Omit<TakenChoice, 'chosen'>,
  { by, reason }: Pick<DropOptions, 'by' | 'reason'>,
): Promise<void> {
  await recordActions(account, failuresOf(chosen), {
    webhook: ledgerWebhookOf(deadLetter),
    action: 'dropped',
    at: account.clock.now(),
    by: by ?? userInfo().username,
    reason: reason.trim(),
  });
  if (rest.length > 0) {
    for (const kept of messagesKeeping(deadLetter, rest)) await putMessage(account.sqs, queue.url, kept);
  }
  await removeDeadLetter(queue, message);
}

function questionAbout(chosen: readonly TakenDeadLetter[]): string {
  const isPart = chosen.some(({ rest }) => rest.length > 0);
  const gone = isPart
    ? 'What is named above is'
    : chosen.length === 1
      ? 'Its webhook is'
      : 'Their webhooks are';
  return joinLines([
    ...chosen.map(formatDeadLetter),
    `Drop ${formatCount(chosen.length, 'dead letter')}? ${gone} gone for good. [y/N] `,
  ]);
}

function formatDeadLetter({ deadLetter, chosen }: TakenDeadLetter): string {
  const { id, code, source, deduplicationId } = deadLetter;
  const events = eventNameOf({ failures: failuresOf(chosen) });
  return [id, code, source, deduplicationId, events].filter(Boolean).join('  ');
}

function formatDropped(
  deadLetters: readonly TakenDeadLetter[],
  outcome: string,
  { json, reason }: DropOptions,
): CommandResult {
  if (json === true) {
    const facts = deadLetters.map(({ deadLetter: { id, messageId, code } }) => ({
      id,
      messageId,
      code,
      outcome,
    }));
    return { text: JSON.stringify(facts, null, 2), exitCode: 0 };
  }
  const sum = `${deadLetters.length} ${outcome}. Reason: ${reason.trim()}`;
  return { text: joinLines([...deadLetters.map(formatDeadLetter), '', sum]), exitCode: 0 };
}
