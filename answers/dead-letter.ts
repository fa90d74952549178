import { type BufferMessage, decodeBufferedWebhook } from '../lambdas/buffer/message.ts';
import { type DeadLetterCode, type DeadLetterNote, hasNote, readNote } from '../lambdas/dead-letter/note.ts';
import { ledgerKey } from '../lambdas/deliver/ledger/entry.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { type Account, type AccountChoice, openAccount } from './account.ts';
import {
  type DeadLetterMessage,
  type DeadLetterQueue,
  openDeadLetterQueue,
  readDeadLetterMessages,
  showAgain,
  type TakenMessage,
  takeAll,
} from './dead-letter-queue.ts';

/** Why a message is a dead letter. The last two are for messages without a note, or with one that cannot be read. */
export type DeadLetterReason = DeadLetterCode | 'moved-by-sqs' | 'note-unreadable';

/** One dead letter as a person sees it. */
export type DeadLetter = {
  /** The beginning of the message's id, as long as it takes to be unique: short enough to type. */
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
  /** When it became a dead letter; if SQS has moved it, when it was put on the buffer. */
  readonly since: Date;
};

const SHORTEST_ID = 8;

/** Reads all dead letters of a stack, oldest first, and leaves them in the queue. */
export async function readDeadLetters(account: Account): Promise<readonly DeadLetter[]> {
  return parseDeadLetters(await readDeadLetterMessages(account));
}

/** The dead letters that messages of the queue are, oldest first. */
export function parseDeadLetters(messages: readonly DeadLetterMessage[]): readonly DeadLetter[] {
  const ids = messages.map(({ messageId }) => messageId);
  return messages
    .map((message) => parseDeadLetter(message, ids))
    .toSorted((one, other) => one.since.getTime() - other.since.getTime());
}

function parseDeadLetter(
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

/** The ledger's key of a dead letter's webhook. A webhook that cannot be read has a key of its own. */
export function ledgerWebhookOf({ source, deduplicationId, messageId }: DeadLetter): string {
  const webhook = { source: source ?? 'unknown', deduplicationId: deduplicationId ?? messageId };
  return ledgerKey(webhook, { name: '' }).webhook;
}

/** The event of a dead letter as the ledger names it. */
export function ledgerEventOf({ note }: DeadLetter): string | undefined {
  return note?.item === undefined ? note?.event : `${note.event}#${note.item}`;
}

/** The event of a dead letter for a person, with the item of the batch if there is one. */
export function eventNameOf({ note }: DeadLetter): string | undefined {
  if (note?.event === undefined) return undefined;
  return note.item === undefined ? note.event : `${note.event}, item ${note.item + 1} of the batch`;
}

/** What Webex Campaign answered, in a line. */
export function formatAnswer(answer: DeadLetterNote['answer']): string | undefined {
  if (answer === undefined) return undefined;
  const code = answer.code === undefined ? '' : `, code ${answer.code}`;
  const description = answer.description === undefined ? '' : `: "${answer.description}"`;
  return `HTTP ${answer.status}${code}${description}`;
}

/** A dead letter for machines, without its webhook's body. */
export function deadLetterJson({ message: _, since, eventTypes, note, code, ...facts }: DeadLetter): object {
  const eventType = eventTypes.length === 0 ? undefined : eventTypes.join(', ');
  const stage = note === undefined ? { stage: 'buffer', code } : { ...note, code };
  return { ...facts, eventType, ...stage, since: since.toISOString() };
}

/** Which dead letters a person means: those that match every given filter. */
export type DeadLetterFilters = {
  readonly source?: string | undefined;
  readonly code?: string | undefined;
  /** The name of the event in the mapping. */
  readonly event?: string | undefined;
  /** Seconds since it became a dead letter. */
  readonly olderThan?: number | undefined;
  readonly newerThan?: number | undefined;
};

/** The dead letters that match every given filter. */
export function filterDeadLetters(
  deadLetters: readonly DeadLetter[],
  { source, code, event, olderThan = 0, newerThan = Number.POSITIVE_INFINITY }: DeadLetterFilters,
  now: Date,
): readonly DeadLetter[] {
  return deadLetters.filter((one) => {
    const age = (now.getTime() - one.since.getTime()) / 1000;
    return (
      (source === undefined || one.source === source) &&
      (code === undefined || one.code === code) &&
      (event === undefined || one.note?.event === event) &&
      // A clock that runs behind the queue's must not hide what has just come.
      (olderThan === 0 || age >= olderThan) &&
      age <= newerThan
    );
  });
}

/** Finds dead letters by the ids that a person typed; fails with a sentence where an id fits none, or several. */
export function findDeadLetters(
  deadLetters: readonly DeadLetter[],
  ids: readonly string[],
): Result<readonly DeadLetter[], string> {
  const found = new Set<DeadLetter>();
  for (const id of ids) {
    const [one, ...others] = deadLetters.filter(({ messageId }) => messageId.startsWith(id));
    if (one === undefined)
      return fail(`There is no dead letter ${id}. "dead-letter list" shows those there are.`);
    if (others.length > 0)
      return fail(`${id} stands for ${others.length + 1} dead letters: give more of it.`);
    found.add(one);
  }
  return succeed([...found]);
}

export type DeadLetterChoice = DeadLetterFilters & {
  readonly ids: readonly string[];
  readonly all?: boolean | undefined;
};

/** A dead letter that is hidden from others while something is done about it. */
export type TakenDeadLetter = { readonly deadLetter: DeadLetter; readonly message: TakenMessage };

type TakenChoice = {
  readonly account: Account;
  readonly queue: DeadLetterQueue;
  readonly chosen: readonly TakenDeadLetter[];
};

/** Takes the dead letters that a person chose, and shows all others again at once; fails with a sentence. */
export async function takeChosen(
  choice: AccountChoice & DeadLetterChoice,
): Promise<Result<TakenChoice, string>> {
  const problem = checkChoice(choice);
  if (problem !== undefined) return fail(problem);
  const account = await openAccount(choice);
  if (!account.ok) return account;
  const queue = await openDeadLetterQueue(account.value);
  const messages = await takeAll(queue);
  const deadLetters = parseDeadLetters(messages);
  const found =
    choice.ids.length > 0
      ? findDeadLetters(deadLetters, choice.ids)
      : succeed(filterDeadLetters(deadLetters, choice, account.value.clock.now()));
  const ids = new Set(found.ok ? found.value.map(({ messageId }) => messageId) : []);
  await showAgain(
    queue,
    messages.filter(({ messageId }) => !ids.has(messageId)),
  );
  if (!found.ok) return found;
  const chosen = found.value.flatMap((deadLetter) => {
    const message = messages.find(({ messageId }) => messageId === deadLetter.messageId);
    return message === undefined ? [] : [{ deadLetter, message }];
  });
  return succeed({ account: account.value, queue, chosen });
}

function checkChoice({ ids, all, ...filters }: DeadLetterChoice): string | undefined {
  const given = [ids.length > 0, all === true, hasFilter(filters)].filter(Boolean).length;
  if (given === 0)
    return 'Say which: ids, filters (--code, --source, --event, --older-than, --newer-than), or --all.';
  return given > 1 ? 'Give ids, or filters, or --all: one of the three.' : undefined;
}

function hasFilter({ source, code, event, olderThan, newerThan }: DeadLetterFilters): boolean {
  return [source, code, event, olderThan, newerThan].some((filter) => filter !== undefined);
}
