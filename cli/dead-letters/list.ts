import type { Command } from 'commander';
import { type AccountChoice, openAccount } from '../../answers/account.ts';
import {
  type DeadLetter,
  type DeadLetterFilters,
  deadLetterJson,
  eventNameOf,
  filterDeadLetters,
  formatAnswer,
  readDeadLetters,
} from '../../answers/dead-letter.ts';
import { joinLines } from '../../lib/config/print.ts';
import {
  type CommandResult,
  example,
  formatCount,
  formatDuration,
  readDuration,
  refuse,
  run,
  withAccount,
} from '../command-line.ts';

export function registerList(group: Command): void {
  withFilters(group.command('list'))
    .description('show what is in the dead-letter queue, and why')
    .addHelpText('after', example('dead-letter list --source stripe --newer-than 2h'))
    .action((options) => run(() => listDeadLetters(options)));
}

/** Adds the options by which several dead letters are chosen. */
export function withFilters(command: Command): Command {
  return withAccount(command)
    .option('--source <name>', 'of this source')
    .option('--code <code>', 'with this code')
    .option('--event <name>', 'about this event of the mapping')
    .option('--older-than <duration>', 'dead letters for longer than 45s, 30m, 2h, 3d', readDuration)
    .option('--newer-than <duration>', 'dead letters for less than that', readDuration);
}

/** `adapter dead-letter list`: what is in the dead-letter queue, and why. */
export async function listDeadLetters(
  options: AccountChoice & DeadLetterFilters & { readonly json?: boolean | undefined },
): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const all = await readDeadLetters(account.value);
  const now = account.value.clock.now();
  const matching = filterDeadLetters(all, options, now);
  const text =
    options.json === true
      ? JSON.stringify(matching.map(deadLetterJson), null, 2)
      : formatList(matching, all.length, now);
  return { text, exitCode: 0 };
}

function formatList(deadLetters: readonly DeadLetter[], all: number, now: Date): string {
  if (all === 0) return 'The dead-letter queue is empty.';
  if (deadLetters.length === 0) return `No dead letter matches (${all} in the queue).`;
  const queue = formatCount(all, 'dead letter');
  const title = deadLetters.length === all ? queue : `${deadLetters.length} of ${queue}`;
  const blocks = deadLetters.map((one) => formatDeadLetter(one, now));
  return [`${title}, oldest first:`, ...blocks, formatCodes(deadLetters)].join('\n\n');
}

function formatDeadLetter(deadLetter: DeadLetter, now: Date): string {
  const { id, code, note, source = '?', eventTypes, deduplicationId = '', receivedAt, since } = deadLetter;
  const age = formatDuration((now.getTime() - since.getTime()) / 1000);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['webhook', `${source} ${eventTypes.join(', ') || '?'}  ${deduplicationId}`],
    ['received', receivedAt],
    ['event', eventNameOf(deadLetter)],
    ['answer', formatAnswer(note?.answer)],
    ['detail', note?.detail],
    ['why', note === undefined ? explainWithoutNote(deadLetter) : undefined],
    ['attempts', note && `${note.attempts}, dead-lettered ${age} ago`],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(9)}${value}`],
  );
  return joinLines([`${id}  ${code}  (${note?.stage ?? 'buffer'})`, ...lines]);
}

function explainWithoutNote({ code }: DeadLetter): string {
  return code === 'moved-by-sqs'
    ? 'SQS gave up: the deliver function crashed on it again and again, and left no note'
    : 'its note is of a version that this command line does not know';
}

function formatCodes(deadLetters: readonly DeadLetter[]): string {
  const counts = new Map<string, number>();
  for (const { code } of deadLetters) counts.set(code, (counts.get(code) ?? 0) + 1);
  const width = String(Math.max(...counts.values())).length;
  const lines = [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([code, count]) => `  ${String(count).padStart(width)}  ${code}`);
  return ['By code:', ...lines].join('\n');
}
