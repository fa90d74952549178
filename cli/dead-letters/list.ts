import { type Command, InvalidArgumentError } from 'commander';
import {
  countEvents,
  type DeadLetter,
  type DeadLetterFilters,
  deadLetterJson,
  filterDeadLetters,
  formatAnswer,
  readDeadLetters,
} from '../../answers/dead-letter.ts';
import { formatEventName, type LetterFailure } from '../../answers/letter-events.ts';
import { type AccountChoice, openAccount } from '../../answers/project.ts';
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

/** Adds the options by which some events of a dead letter are chosen; `--event` is among the filters. */
export function withEvent(command: Command): Command {
  return command.option('--item <number>', 'with an id: this item of the batch, from 1', readItem);
}

/** A person counts items from 1. */
function readItem(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text) - 1;
  throw new InvalidArgumentError('expected the number of an item, from 1');
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
  const {
    id,
    code,
    failures,
    source = '?',
    eventTypes,
    deduplicationId = '',
    receivedAt,
    since,
  } = deadLetter;
  const age = formatDuration((now.getTime() - since.getTime()) / 1000);
  const facts: readonly Fact[] = [
    ['webhook', `${source} ${eventTypes.join(', ') || '?'}  ${deduplicationId}`],
    ['received', receivedAt],
    ...failures.flatMap((failure) => formatFailure(failure, failures.length > 1)),
    ['why', deadLetter.note === undefined ? explainWithoutNote(deadLetter) : undefined],
    ['since', deadLetter.note && `${age} ago`],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(9)}${value}`],
  );
  const events = countEvents(failures);
  const many = events > 1 ? `  ${events} events` : '';
  return joinLines([`${id}  ${code}  (${failures[0]?.stage ?? 'buffer'})${many}`, ...lines]);
}

type Fact = readonly [name: string, value: string | undefined];

/** What failed, and how; with its code where a dead letter has several failures. */
function formatFailure(failure: LetterFailure, isOneOfMany: boolean): readonly Fact[] {
  const { code, answer, detail, attempts } = failure;
  const event = formatEventName(failure) ?? 'the webhook';
  return [
    ['event', isOneOfMany ? `${event}: ${code}` : formatEventName(failure)],
    ['answer', formatAnswer(answer)],
    ['detail', detail],
    ['attempts', code === 'moved-by-sqs' || code === 'note-unreadable' ? undefined : `${attempts}`],
  ];
}

function explainWithoutNote({ code }: DeadLetter): string {
  return code === 'moved-by-sqs'
    ? 'SQS gave up: the deliver function crashed on it again and again, and left no note'
    : 'its note is of a version that this command line does not know';
}

function formatCodes(deadLetters: readonly DeadLetter[]): string {
  const counts = new Map<string, number>();
  for (const failure of deadLetters.flatMap(({ failures }) => failures)) {
    counts.set(failure.code, (counts.get(failure.code) ?? 0) + countEvents([failure]));
  }
  const width = String(Math.max(...counts.values())).length;
  const lines = [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([code, count]) => `  ${String(count).padStart(width)}  ${code}`);
  return ['By code:', ...lines].join('\n');
}
