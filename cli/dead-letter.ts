import type { BufferMessage } from '../lambdas/buffer/buffered-webhook.ts';
import { decodeBufferedWebhook } from '../lambdas/buffer/read-buffered-webhook.ts';
import {
  type DeadLetterCode,
  type DeadLetterNote,
  hasNote,
  readNote,
} from '../lambdas/dead-letter/dead-letter-note.ts';
import { ledgerKey } from '../lambdas/deliver/ledger-entry.ts';
import type { DeadLetterMessage } from './read-dead-letters.ts';

/** Why a message is a dead letter; the last two have no note that can be read. */
export type DeadLetterReason = DeadLetterCode | 'moved-by-sqs' | 'note-unreadable';

/** One dead letter as the commands see it. */
export type DeadLetter = {
  /** Short enough to type: the beginning of the message's id, as long as it takes to be the only one. */
  readonly id: string;
  readonly messageId: string;
  readonly message: BufferMessage;
  readonly code: DeadLetterReason;
  readonly note: DeadLetterNote | undefined;
  readonly source: string | undefined;
  readonly eventTypes: readonly string[];
  readonly deduplicationId: string | undefined;
  readonly webhookId: string | undefined;
  readonly receivedAt: string | undefined;
  /** When it became one; of what SQS has moved, when it was put on the buffer. */
  readonly since: Date;
};

const SHORTEST_ID = 8;

/** Reads the messages of the queue, oldest first. */
export function readLetters(messages: readonly DeadLetterMessage[]): readonly DeadLetter[] {
  const ids = messages.map(({ messageId }) => messageId);
  return messages
    .map((message) => readLetter(message, ids))
    .toSorted((one, other) => one.since.getTime() - other.since.getTime());
}

function readLetter(
  { messageId, body, attributes, sentAt }: DeadLetterMessage,
  ids: readonly string[],
): DeadLetter {
  const note = readNote(attributes);
  return {
    id: shortId(messageId, ids),
    messageId,
    message: { body, attributes },
    code: note?.code ?? (hasNote(attributes) ? 'note-unreadable' : 'moved-by-sqs'),
    note,
    source: attributes.source,
    eventTypes: attributes['event-type']?.split('\n') ?? [],
    deduplicationId: attributes['deduplication-id'],
    webhookId: attributes['webhook-id'],
    receivedAt: attributes['received-at'],
    since: note === undefined ? sentAt : new Date(note.deadLetteredAt),
  };
}

function shortId(id: string, ids: readonly string[]): string {
  for (let length = SHORTEST_ID; length < id.length; length += 1) {
    const short = id.slice(0, length);
    if (ids.filter((other) => other.startsWith(short)).length === 1) return short;
  }
  return id;
}

/** The webhook in a dead letter, where it can be read. */
export function webhookOf({ message }: DeadLetter) {
  const decoded = decodeBufferedWebhook(message);
  return decoded.ok ? decoded.value : undefined;
}

/** Under which key the ledger has a dead letter's webhook; one that cannot be read stands for itself. */
export function ledgerWebhookOf({ source, deduplicationId, messageId }: DeadLetter): string {
  const webhook = { source: source ?? 'unknown', deduplicationId: deduplicationId ?? messageId };
  return ledgerKey(webhook, { name: '' }).webhook;
}

/** Names the event of a dead letter, with the item of the batch where there is one. */
export function eventNameOf({ note }: DeadLetter): string | undefined {
  if (note?.event === undefined) return undefined;
  return note.item === undefined ? note.event : `${note.event}, item ${note.item + 1} of the batch`;
}

/** What Webex Campaign answered, in a line. */
export function sayAnswer(
  answer:
    | {
        readonly status: number;
        readonly code?: string | undefined;
        readonly description?: string | undefined;
      }
    | undefined,
): string | undefined {
  if (answer === undefined) return undefined;
  const code = answer.code === undefined ? '' : `, code ${answer.code}`;
  const description = answer.description === undefined ? '' : `: "${answer.description}"`;
  return `HTTP ${answer.status}${code}${description}`;
}
