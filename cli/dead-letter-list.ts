import { type DeadLetterNote, readNote } from '../lambdas/dead-letter/dead-letter-note.ts';
import { type AccountChoice, openAccount } from './account.ts';
import { type DeadLetterMessage, readDeadLetters } from './read-dead-letters.ts';
import type { CommandResult } from './send.ts';

/** One dead letter as the list shows it. A message that SQS itself moved has no note, and the code says so. */
type DeadLetter = {
  readonly messageId: string;
  readonly source?: string | undefined;
  readonly eventType?: string | undefined;
  readonly deduplicationId?: string | undefined;
  readonly receivedAt?: string | undefined;
} & (DeadLetterNote | { readonly stage: 'buffer'; readonly code: 'moved-by-sqs' });

/** `adapter dead-letter list`: what is in the dead-letter queue, and why. */
export async function listDeadLetters(
  options: AccountChoice & { readonly json?: boolean | undefined },
): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return { text: account.failure, exitCode: 2 };
  const letters = (await readDeadLetters(account.value.sqs, account.value.stackName)).map(readLetter);
  const text = options.json === true ? JSON.stringify(letters, null, 2) : describe(letters);
  return { text, exitCode: 0 };
}

function readLetter({ messageId, attributes }: DeadLetterMessage): DeadLetter {
  return {
    messageId,
    source: attributes.source,
    eventType: attributes['event-type']?.replaceAll('\n', ', '),
    deduplicationId: attributes['deduplication-id'],
    receivedAt: attributes['received-at'],
    ...(readNote(attributes) ?? { stage: 'buffer', code: 'moved-by-sqs' }),
  };
}

function describe(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'The dead-letter queue is empty.';
  const count = letters.length === 1 ? '1 dead letter' : `${letters.length} dead letters`;
  return [`${count}:`, ...letters.map(describeLetter)].join('\n\n');
}

function describeLetter(letter: DeadLetter): string {
  const facts = [
    ['webhook', `${letter.source ?? '?'} ${letter.eventType ?? '?'}  ${letter.deduplicationId ?? ''}`],
    ['received', letter.receivedAt],
    ...('attempts' in letter
      ? describeNote(letter)
      : [['why', 'SQS gave up: the deliver function crashed on it']]),
    ['message', letter.messageId],
  ];
  const lines = facts.flatMap(([name = '', value]) =>
    value === undefined ? [] : [`  ${name.padEnd(9)}${value}`],
  );
  return [`${letter.code}  (${letter.stage})`, ...lines].join('\n');
}

function describeNote({
  event,
  item,
  answer,
  detail,
  attempts,
  lastAttemptAt,
  deadLetteredAt,
}: DeadLetterNote): (string | undefined)[][] {
  const code = answer?.code === undefined ? '' : `, code ${answer.code}`;
  return [
    ['event', item === undefined ? event : `${event}, item ${item + 1} of the batch`],
    ['answer', answer === undefined ? undefined : `HTTP ${answer.status}${code}`],
    ['detail', detail],
    ['attempts', lastAttemptAt === undefined ? `${attempts}` : `${attempts}, the last at ${lastAttemptAt}`],
    ['put here', deadLetteredAt],
  ];
}
