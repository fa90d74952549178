import { type BufferMessage, decodeBufferedWebhook } from '../lambdas/buffer/message.ts';
import { type DeadLetterCode, type DeadLetterNote, hasNote, readNote } from '../lambdas/dead-letter/note.ts';
import { ledgerKey } from '../lambdas/deliver/ledger/entry.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { type Account, type AccountChoice, openAccount } from './account.ts';
import {
  type DeadLetterMessage,
  type DeadLetterQueue,
  type HeldMessage,
  hideFor,
  holdAll,
  openDeadLetters,
} from './dead-letter-queue.ts';
import { reportCount } from './progress.ts';

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
export function formatAnswer(
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
function hasFilter(filters: DeadLetterFilters): boolean {
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

export type DeadLetterChoice = DeadLetterFilters & {
  readonly ids: readonly string[];
  readonly all?: boolean | undefined;
};

/** A dead letter that nobody else sees while something is done about it. */
export type HeldLetter = { readonly letter: DeadLetter; readonly held: HeldMessage };

type ChosenLetters = {
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
  const messages = await holdAll(queue, reportCount());
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
