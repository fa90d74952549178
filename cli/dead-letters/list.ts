import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { ADVICE } from '../../answers/advice.ts';
import {
  countEvents,
  type DeadLetter,
  type DeadLetterChoice,
  type DeadLetterFilters,
  deadLetterJson,
  eventNameOf,
  explainNoMatch,
  filterDeadLetters,
  formatAnswer,
  ledgerWebhookOf,
  messagesKeeping,
  readDeadLetters,
  type TakenChoice,
  type TakenDeadLetter,
  takeChosen,
} from '../../answers/dead-letters/dead-letter.ts';
import { failuresOf, formatEventName, type LetterFailure } from '../../answers/dead-letters/letter-events.ts';
import { countHeld, putMessage, removeDeadLetter, showAgain } from '../../answers/dead-letters/queue.ts';
import { recordActions } from '../../answers/ledger-items.ts';
import { type AccountChoice, explainClock, openAccount } from '../../answers/project.ts';
import { didYouMean } from '../../lib/config/file.ts';
import { startProgress } from '../../lib/config/progress.ts';
import { INVOCATION, joinLines } from '../../lib/config/terminal.ts';
import {
  type Ask,
  askAtTerminal,
  type CommandResult,
  example,
  formatCount,
  formatDuration,
  INTERRUPTED,
  interruption,
  readDuration,
  refuse,
  run,
  withAccount,
} from '../command-line.ts';

export function registerList(group: Command): void {
  withFilters(group.command('list'))
    .description('show what is in the dead-letter queue, and why: counted by cause, or one by one')
    .option('--all', 'list each dead letter')
    .addHelpText(
      'after',
      example('dead-letter list', 'dead-letter list --all --source stripe --newer-than 2h'),
    )
    .action((options) => run(() => listDeadLetters(options)));
}

/** Adds the options by which several dead letters are chosen. */
export function withFilters(command: Command): Command {
  return withAccount(command)
    .option('--source <name>', 'of this source')
    .option('--code <code>', 'with this code', readCode)
    .option('--event <name>', 'about this event of the mapping')
    .option('--older-than <duration>', 'dead letters for longer than 45s, 30m, 2h, 3d', readDuration)
    .option('--newer-than <duration>', 'dead letters for less than that', readDuration);
}

/** Codes are a closed set: one that is not among them is a typo, and would match nothing. */
function readCode(text: string): string {
  const codes = Object.keys(ADVICE);
  if (codes.includes(text)) return text;
  throw new InvalidArgumentError(didYouMean(text, codes, `There are: ${codes.join(', ')}.`));
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
export async function listDeadLetters(options: ListOptions): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const held = await countHeld(account.value);
  const all = await readDeadLetters(account.value);
  const now = account.value.clock.now();
  const matching = filterDeadLetters(all, options, now);
  const text =
    options.json === true
      ? JSON.stringify(matching.map(deadLetterJson), null, 2)
      : joinParts([
          all.length === 0 && held > 0 ? undefined : formatMatching(matching, all, { ...options, now }),
          formatHeld(held),
          matching.length === 0 ? undefined : explainClock(account.value),
        ]);
  return { text, exitCode: 0 };
}

type ListOptions = AccountChoice &
  DeadLetterFilters & { readonly all?: boolean | undefined; readonly json?: boolean | undefined };

function joinParts(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function formatMatching(
  matching: readonly DeadLetter[],
  all: readonly DeadLetter[],
  { now, ...options }: ListOptions & { readonly now: Date },
): string {
  if (all.length === 0) return 'The dead-letter queue is empty.';
  if (matching.length === 0)
    return joinLines([
      [`No dead letter matches (${all.length} in the queue).`, explainNoMatch(all, options)]
        .filter(Boolean)
        .join(' '),
    ]);
  const queue = formatCount(all.length, 'dead letter');
  const title = matching.length === all.length ? queue : `${matching.length} of ${queue}`;
  if (options.all !== true)
    return [
      `${title}, by cause ("--all" lists each):`,
      ...causesOf(matching).map((cause) => formatCause(cause, now, options)),
    ].join('\n\n');
  const blocks = matching.map((one) => formatDeadLetter(one, now));
  return [`${title}, oldest first:`, ...blocks, formatCodes(matching)].join('\n\n');
}

/** What another command holds is in the queue, too, and cannot be read now. */
export function formatHeld(held: number): string | undefined {
  if (held === 0) return undefined;
  const are = held === 1 ? 'dead letter is' : 'dead letters are';
  return `${held} ${are} held by another command or reader, or were a moment ago, and cannot be shown. They come back by themselves, in two minutes unless a replay goes on.`;
}

/** Dead letters that failed alike: by the first failure's code, the source and the events. Most first. */
type Cause = { readonly deadLetters: readonly DeadLetter[]; readonly first: DeadLetter };

function causesOf(deadLetters: readonly DeadLetter[]): readonly Cause[] {
  const alike = Map.groupBy(deadLetters, ({ code, source, failures }) =>
    JSON.stringify([code, source, [...new Set(failures.map(({ event }) => event))]]),
  );
  return [...alike.values()]
    .flatMap((some) => (some[0] === undefined ? [] : [{ deadLetters: some, first: some[0] }]))
    .toSorted((one, other) => other.deadLetters.length - one.deadLetters.length);
}

function formatCause({ deadLetters, first }: Cause, now: Date, { stack }: ListOptions): string {
  const { id, code, failures, source = '?', since } = first;
  const [failure] = failures;
  const events = [...new Set(failures.flatMap(({ event }) => event ?? []))].join(', ');
  const answer = failure && (formatAnswer(failure.answer) ?? failure.detail);
  const age = `${formatDuration((now.getTime() - since.getTime()) / 1000)} ago`;
  const at = stack === undefined ? '' : ` --stack ${stack}`;
  const facts: readonly Fact[] = [
    ['oldest', `${age}, ${id}`],
    ['answer', answer],
    ['next', `${INVOCATION} dead-letter show ${id}${at}`],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(9)}${value}`],
  );
  return joinLines([
    `${deadLetters.length}  ${code}  ${[source, events].filter(Boolean).join(' ')}`,
    ...lines,
  ]);
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
    .action((ids, options) => run(() => dropDeadLetters({ ids, ...options }, undefined, interruption())));
}

/**
 * `adapter dead-letter drop`: takes dead letters away for good; the ledger keeps who did it and why. The signal ends it after
 * the dead letter that it is at.
 */
export async function dropDeadLetters(
  options: DropOptions,
  ask: Ask | undefined = askAtTerminal(process.stdin, process.stderr),
  signal?: AbortSignal,
): Promise<CommandResult> {
  const problem = checkUsage(options, ask);
  if (problem !== undefined) return refuse(problem);
  const choice = await takeChosen(options, signal);
  if (!choice.ok) return refuse(choice.failure);

  const { queue, chosen } = choice.value;
  const dropped: TakenDeadLetter[] = [];
  try {
    if (chosen.length === 0) return { text: 'No dead letter matches.', exitCode: 0 };
    if (options.dryRun === true)
      return formatDropped(chosen, 'would be dropped; nothing was changed', options);
    const isSure = options.yes === true || (await ask?.(questionAbout(chosen))) === true;
    if (!isSure || signal?.aborted === true) return { text: 'Nothing was dropped.', exitCode: 1 };
    await dropAll(choice.value, options, { dropped, signal });
  } finally {
    const rest = chosen.filter((one) => !dropped.includes(one));
    await showAgain(
      queue,
      rest.map(({ message }) => message),
    );
  }
  const left = chosen.length - dropped.length;
  if (left === 0) return formatDropped(dropped, 'dropped', options);
  const outcome = `dropped; interrupted, and ${left} left as ${left === 1 ? 'it was' : 'they were'}`;
  return { ...formatDropped(dropped, outcome, options), exitCode: INTERRUPTED };
}

/** Adds each to `dropped` once it is gone. */
async function dropAll(
  choice: TakenChoice,
  options: DropOptions,
  { dropped, signal }: { readonly dropped: TakenDeadLetter[]; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const { chosen } = choice;
  const { update, end } = startProgress('Dropping', chosen.length);
  try {
    for (const one of chosen) {
      if (signal?.aborted === true) break;
      await dropOne(one, choice, options);
      dropped.push(one);
      update(dropped.length);
    }
  } finally {
    end();
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
    ...chosen.map(formatChosen),
    `Drop ${formatCount(chosen.length, 'dead letter')}? ${gone} gone for good. [y/N] `,
  ]);
}

function formatChosen({ deadLetter, chosen }: TakenDeadLetter): string {
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
  return { text: joinLines([...deadLetters.map(formatChosen), '', sum]), exitCode: 0 };
}
