import { type BufferMessage, decodeBufferedWebhook, replayedMessage } from '../../lambdas/buffer/message.ts';
import { type ReplayGroup, readReplay, writeItemRanges } from '../../lambdas/buffer/replay.ts';
import {
  type DeadLetterNote,
  deadLetterMessage,
  hasNote,
  isDeadLetterCode,
  readNote,
  splitForNotes,
} from '../../lambdas/dead-letter/note.ts';
import { ledgerKey } from '../../lambdas/deliver/ledger/entry.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { didYouMean } from '../../lib/config/file.ts';
import { type Account, type AccountChoice, openAccount } from '../project.ts';
import {
  type DeadLetterReason,
  type EventChoice,
  eventsIn,
  failuresOf,
  formatEventName,
  isChosen,
  type LetterEvent,
  type LetterFailure,
} from './letter-events.ts';
import {
  type DeadLetterMessage,
  type DeadLetterQueue,
  openDeadLetterQueue,
  readDeadLetterMessages,
  showAgain,
  type TakenMessage,
  takeAll,
} from './queue.ts';

/** One dead letter as a person sees it. */
export type DeadLetter = {
  /** The beginning of the message's id, as long as it takes to be unique: short enough to type. */
  readonly id: string;
  readonly messageId: string;
  readonly message: BufferMessage;
  /** The first failure's. */
  readonly code: DeadLetterReason;
  /** All that failed, at least one. */
  readonly failures: readonly LetterFailure[];
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
  const failures = note?.failures ?? failuresWithoutNote(attributes);
  return {
    id: shortId(messageId, ids),
    messageId,
    message: { body, attributes },
    code: failures[0]?.code ?? 'note-unreadable',
    failures,
    note,
    source: attributes.source,
    eventTypes: attributes['event-type']?.split('\n') ?? [],
    deduplicationId: attributes['deduplication-id']?.split('\n')[0],
    webhookId: attributes['webhook-id'],
    receivedAt: attributes['received-at'],
    since: note === undefined ? sentAt : new Date(note.deadLetteredAt),
  };
}

/** SQS has moved the message, or a newer version has written the note. A replay that SQS moved still says of what it was. */
function failuresWithoutNote(attributes: BufferMessage['attributes']): readonly LetterFailure[] {
  const code = hasNote(attributes) ? 'note-unreadable' : 'moved-by-sqs';
  const replayed = readReplay(attributes)?.events ?? [{ event: undefined, items: undefined }];
  return replayed.map(({ event, items }) => ({ stage: 'buffer', code, event, items, attempts: 0 }));
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

/** The events of a dead letter as the ledger names them, beside its webhook. */
export function ledgerEventsOf({ failures }: DeadLetter): ReadonlySet<string> {
  const events = eventsIn(failures).flatMap(({ name, item }) =>
    name === undefined ? [] : [item === undefined ? name : `${name}#${item}`],
  );
  return new Set(events);
}

/** The events of a dead letter for a person, with the items of the batch if there are some. */
export function eventNameOf({ failures }: Pick<DeadLetter, 'failures'>): string | undefined {
  const names = new Set(failures.flatMap((failure) => formatEventName(failure) ?? []));
  return names.size === 0 ? undefined : [...names].join('; ');
}

/** How many events of a webhook a dead letter is of; one that names none counts as one. */
export function countEvents(failures: readonly LetterFailure[]): number {
  return failures.reduce((sum, { items }) => sum + (items?.length ?? 1), 0);
}

/** What Webex Campaign answered, in a line. */
export function formatAnswer(answer: LetterFailure['answer']): string | undefined {
  if (answer === undefined) return undefined;
  const code = answer.code === undefined ? '' : `, code ${answer.code}`;
  const description = answer.description === undefined ? '' : `: "${answer.description}"`;
  return `HTTP ${answer.status}${code}${description}`;
}

/** A dead letter for machines, without its webhook's body. */
export function deadLetterJson({
  message: _,
  since,
  eventTypes,
  note,
  failures,
  ...facts
}: DeadLetter): object {
  const eventType = eventTypes.length === 0 ? undefined : eventTypes.join(', ');
  const [first, ...others] = failures.map(failureJson);
  return {
    ...facts,
    eventType,
    // Where all failed alike, the facts stand at the top, too.
    ...(others.length === 0 && first),
    events: countEvents(failures),
    failures: [first, ...others],
    receives: note?.receives,
    since: since.toISOString(),
  };
}

function failureJson({ items, ...failure }: LetterFailure): object {
  const [item, ...others] = items ?? [];
  return {
    ...failure,
    ...(items && { items: writeItemRanges(items) }),
    ...(item !== undefined && others.length === 0 && { item }),
  };
}

/** Which dead letters a person means: those that match every given filter. */
export type DeadLetterFilters = EventChoice & {
  readonly source?: string | undefined;
  /** Seconds since it became a dead letter. */
  readonly olderThan?: number | undefined;
  readonly newerThan?: number | undefined;
};

/** The dead letters that match every given filter, with at least one event. */
export function filterDeadLetters(
  deadLetters: readonly DeadLetter[],
  { source, olderThan = 0, newerThan = Number.POSITIVE_INFINITY, ...choice }: DeadLetterFilters,
  now: Date,
): readonly DeadLetter[] {
  return deadLetters.filter((one) => {
    const age = (now.getTime() - one.since.getTime()) / 1000;
    return (
      (source === undefined || one.source === source) &&
      eventsIn(one.failures).some((event) => isChosen(event, choice)) &&
      // A clock that runs behind the queue's must not hide what has just come.
      (olderThan === 0 || age >= olderThan) &&
      age <= newerThan
    );
  });
}

/**
 * What a person who finds nothing is told: a source or an event that no dead letter is of may be a typo. `undefined` where
 * each of them occurs.
 */
export function explainNoMatch(
  deadLetters: readonly DeadLetter[],
  { source, event }: Pick<DeadLetterFilters, 'source' | 'event'>,
): string | undefined {
  const sources = new Set(deadLetters.flatMap((one) => one.source ?? []));
  const events = new Set(
    deadLetters.flatMap((one) => eventsIn(one.failures)).flatMap(({ name }) => name ?? []),
  );
  const unknown =
    source !== undefined && !sources.has(source)
      ? ({ what: 'of the source', written: source, known: [...sources] } as const)
      : event !== undefined && !events.has(event)
        ? ({ what: 'about the event', written: event, known: [...events] } as const)
        : undefined;
  if (unknown === undefined || unknown.known.length === 0) return undefined;
  const { what, written, known } = unknown;
  return `None is ${what} "${written}". ${didYouMean(written, known, `There are: ${known.toSorted().join(', ')}.`)}`;
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
export type TakenDeadLetter = {
  readonly deadLetter: DeadLetter;
  readonly message: TakenMessage;
  /** Those of its events that a person chose, and all others. */
  readonly chosen: readonly LetterEvent[];
  readonly rest: readonly LetterEvent[];
};

export type TakenChoice = {
  readonly account: Account;
  readonly queue: DeadLetterQueue;
  readonly chosen: readonly TakenDeadLetter[];
};

/** Takes the dead letters that a person chose, and shows all others again at once; fails with a sentence. */
export async function takeChosen(
  choice: AccountChoice & DeadLetterChoice,
  signal?: AbortSignal,
): Promise<Result<TakenChoice, string>> {
  const problem = checkChoice(choice);
  if (problem !== undefined) return fail(problem);
  const account = await openAccount(choice);
  if (!account.ok) return account;
  const queue = await openDeadLetterQueue(account.value);
  const messages = await takeAll(queue, { signal });
  if (signal?.aborted === true) {
    await showAgain(queue, messages);
    return fail('Interrupted while the queue was read: nothing was changed.');
  }
  const deadLetters = parseDeadLetters(messages);
  const found =
    choice.ids.length > 0
      ? findWithEvents(deadLetters, choice)
      : succeed(filterDeadLetters(deadLetters, choice, account.value.clock.now()));
  const ids = new Set(found.ok ? found.value.map(({ messageId }) => messageId) : []);
  await showAgain(
    queue,
    messages.filter(({ messageId }) => !ids.has(messageId)),
  );
  if (!found.ok) return found;
  const chosen = found.value.flatMap((deadLetter) => {
    const message = messages.find(({ messageId }) => messageId === deadLetter.messageId);
    return message === undefined ? [] : [{ deadLetter, message, ...chooseEvents(deadLetter, choice) }];
  });
  return succeed({ account: account.value, queue, chosen });
}

function chooseEvents({ failures }: DeadLetter, choice: EventChoice) {
  const events = eventsIn(failures);
  return {
    chosen: events.filter((event) => isChosen(event, choice)),
    rest: events.filter((event) => !isChosen(event, choice)),
  };
}

/** Finds dead letters by their ids; each must have an event that the person means. */
function findWithEvents(
  deadLetters: readonly DeadLetter[],
  choice: DeadLetterChoice,
): Result<readonly DeadLetter[], string> {
  const found = findDeadLetters(deadLetters, choice.ids);
  const without = found.ok && found.value.find((one) => chooseEvents(one, choice).chosen.length === 0);
  if (!without) return found;
  return fail(`${without.id} has no such event. "dead-letter show ${without.id}" lists those that it has.`);
}

/** The messages that keep some events of a dead letter, where others leave it. */
export function messagesKeeping(
  { note, message }: DeadLetter,
  events: readonly LetterEvent[],
): readonly BufferMessage[] {
  // SQS moved it: what a replay was of is all that tells its events.
  if (note === undefined) return [replayedMessage(message, { events: failuresOf(events).map(groupOf) })];
  const noteOf = (part: readonly LetterEvent[]) => ({
    ...note,
    failures: failuresOf(part).flatMap(({ code, ...failure }) =>
      isDeadLetterCode(code) ? [{ ...failure, code }] : [],
    ),
  });
  return splitForNotes(events, noteOf).map((part) => deadLetterMessage(message, noteOf(part)));
}

function groupOf({ event = '', items }: LetterFailure): ReplayGroup {
  return { event, ...(items && { items }) };
}

function checkChoice({ ids, all, event, item, ...filters }: DeadLetterChoice): string | undefined {
  if (item !== undefined && ids.length === 0) return '--item goes with the id of a dead letter.';
  const filter = hasFilter(filters) || (event !== undefined && ids.length === 0);
  const given = [ids.length > 0, all === true, filter].filter(Boolean).length;
  if (given === 0)
    return 'Say which: ids, filters (--code, --source, --event, --older-than, --newer-than), or --all.';
  return given > 1
    ? 'Give ids (with --event and --item, if you like), or filters, or --all: one of the three.'
    : undefined;
}

function hasFilter({ source, code, olderThan, newerThan }: DeadLetterFilters): boolean {
  return [source, code, olderThan, newerThan].some((filter) => filter !== undefined);
}
