import { type AccountChoice, openAccount } from '../../answers/account.ts';
import {
  type DeadLetter,
  type DeadLetterFilters,
  eventNameOf,
  filterLetters,
  formatAnswer,
  readLetters,
} from '../../answers/dead-letter.ts';
import { readDeadLetters } from '../../answers/dead-letter-queue.ts';
import { reportCount } from '../../answers/progress.ts';
import { type CommandResult, formatDuration, refuse } from '../command-line.ts';

/** `adapter dead-letter list`: what is in the dead-letter queue, and why. */
export async function listDeadLetters(
  options: AccountChoice & DeadLetterFilters & { readonly json?: boolean | undefined },
): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const all = readLetters(await readDeadLetters(account.value, reportCount()));
  const now = account.value.clock.now();
  const letters = filterLetters(all, options, now);
  const text =
    options.json === true
      ? JSON.stringify(letters.map(letterJson), null, 2)
      : describe(letters, all.length, now);
  return { text, exitCode: 0 };
}

/** A dead letter for machines, its webhook's body left out. */
export function letterJson({ message: _, since, eventTypes, note, code, ...letter }: DeadLetter): object {
  const eventType = eventTypes.length === 0 ? undefined : eventTypes.join(', ');
  const stage = note === undefined ? { stage: 'buffer', code } : { ...note, code };
  return { ...letter, eventType, ...stage, since: since.toISOString() };
}

function describe(letters: readonly DeadLetter[], all: number, now: Date): string {
  if (all === 0) return 'The dead-letter queue is empty.';
  if (letters.length === 0) return `None of the ${formatCount(all)} is so.`;
  const title = letters.length === all ? formatCount(all) : `${letters.length} of ${formatCount(all)}`;
  const blocks = letters.map((letter) => formatLetter(letter, now));
  return [`${title}, oldest first:`, ...blocks, formatCounts(letters)].join('\n\n');
}

function formatCount(count: number): string {
  return count === 1 ? '1 dead letter' : `${count} dead letters`;
}

function formatLetter(letter: DeadLetter, now: Date): string {
  const { id, code, note, source = '?', eventTypes, deduplicationId = '', receivedAt, since } = letter;
  const age = formatDuration((now.getTime() - since.getTime()) / 1000);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['webhook', `${source} ${eventTypes.join(', ') || '?'}  ${deduplicationId}`],
    ['received', receivedAt],
    ['event', eventNameOf(letter)],
    ['answer', formatAnswer(note?.answer)],
    ['detail', note?.detail],
    ['why', note === undefined ? formatWithoutNote(letter) : undefined],
    ['attempts', note && `${note.attempts}, dead-lettered ${age} ago`],
  ];
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`  ${name.padEnd(9)}${value}`],
  );
  return [`${id}  ${code}  (${note?.stage ?? 'buffer'})`, ...lines].join('\n');
}

function formatWithoutNote({ code }: DeadLetter): string {
  return code === 'moved-by-sqs'
    ? 'SQS gave up: the deliver function crashed on it again and again, and left no note'
    : 'its note is of a version that this command line does not know';
}

function formatCounts(letters: readonly DeadLetter[]): string {
  const counts = new Map<string, number>();
  for (const { code } of letters) counts.set(code, (counts.get(code) ?? 0) + 1);
  const width = String(Math.max(...counts.values())).length;
  const lines = [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([code, count]) => `  ${String(count).padStart(width)}  ${code}`);
  return ['By code:', ...lines].join('\n');
}
