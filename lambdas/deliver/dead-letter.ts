import { type NamedEvent, readReplay } from '../buffer/replay.ts';
import {
  type DeadLetterFailure,
  type DeadLetterNote,
  isDeadLetterCode,
  joinFailures,
  splitForNotes,
} from '../dead-letter/note.ts';
import { writeSettled } from './ledger/decision.ts';
import { type LedgerEntry, markDeadLettered } from './ledger/entry.ts';
import type { DeadLettered, EventOutcome } from './outcome.ts';
import { type BufferRecord, type EventDependencies, tryLater } from './work.ts';

/** An event that goes no further, and is to be dead-lettered with all others of its webhook that failed. */
export type FailedEvent = NamedEvent & {
  readonly outcome: 'failed';
  /** The event's identity in the ledger, where it has one of its own. */
  readonly identity?: string;
  readonly reason: DeadLettered;
  /** Its end in the ledger, which is marked once the dead letter is on its queue; missing where the ledger has none. */
  readonly entry?: LedgerEntry;
};

/** An event whose end is in the ledger. What may have been accepted is unconfirmed, whatever else is known. */
export function failedBy(
  entry: LedgerEntry,
  { name, item, identity }: NamedEvent & { readonly identity?: string },
): FailedEvent {
  return {
    outcome: 'failed',
    name,
    ...(item !== undefined && { item }),
    ...(identity !== undefined && { identity }),
    reason: reasonOf(entry),
    entry,
  };
}

function reasonOf({
  code = 'unconfirmed',
  state,
  stage,
  detail,
  answer,
  attempts,
}: LedgerEntry): DeadLettered {
  const isUnconfirmed = state === 'unconfirmed' || !isDeadLetterCode(code);
  const why = isUnconfirmed && code !== 'unconfirmed' ? code : detail;
  return {
    outcome: 'dead-letter',
    stage: stage === 'map' ? 'map' : 'deliver',
    code: isUnconfirmed ? 'unconfirmed' : code,
    attempts,
    ...(why !== undefined && { detail: why }),
    ...(answer && { answer }),
  };
}

/** How many ledger entries are marked at the same time. */
const MARKED_AT_ONCE = 20;

/**
 * Dead-letters all events of a webhook that failed in one receive: one message, or several where their note would be too
 * long. Returns each one's outcome, in the order given. If a dead letter cannot be written, its events are tried later, and
 * the next receiver finds ends without a dead letter. If only a mark in the ledger cannot be written, the dead letter is
 * written twice at worst, and never lost.
 */
export async function deadLetterFailed(
  record: BufferRecord,
  failed: readonly FailedEvent[],
  dependencies: EventDependencies,
): Promise<readonly EventOutcome[]> {
  const noteOf = (part: readonly FailedEvent[]) => noteOfFailed(record, part, dependencies.now());
  const parts = failed.length === 0 ? [] : splitForNotes(failed, noteOf);
  const outcomes: EventOutcome[] = [];
  for (const part of parts) {
    const put = await dependencies.putDeadLetter(record.message, noteOf(part));
    outcomes.push(
      ...(put.ok
        ? await markAll(part, dependencies)
        : part.map(({ reason }) => undelivered(record, reason, { ...put.failure, dependencies }))),
    );
  }
  return outcomes;
}

/** The dead letter could not be written: what is known of the call stays in the outcome. */
function undelivered(
  record: BufferRecord,
  { outcome: _, stage: __, code: ___, detail: ____, ...facts }: DeadLettered,
  { cause, dependencies }: { readonly cause: string; readonly dependencies: EventDependencies },
): EventOutcome {
  return { ...facts, ...tryLater({ record }, { code: 'dead-letter-unavailable', cause }, dependencies) };
}

async function markAll(
  part: readonly FailedEvent[],
  dependencies: EventDependencies,
): Promise<readonly EventOutcome[]> {
  const outcomes: EventOutcome[] = [];
  for (let start = 0; start < part.length; start += MARKED_AT_ONCE) {
    const marked = part.slice(start, start + MARKED_AT_ONCE).map((one) => mark(one, dependencies));
    outcomes.push(...(await Promise.all(marked)));
  }
  return outcomes;
}

async function mark({ reason, entry }: FailedEvent, dependencies: EventDependencies): Promise<EventOutcome> {
  if (entry === undefined || entry.deadLetteredAt !== undefined) return reason;
  const marked = await writeSettled(markDeadLettered(entry, dependencies.now()), dependencies);
  return { ...reason, ...(!marked.ok && { cause: marked.failure.code }) };
}

function noteOfFailed(record: BufferRecord, failed: readonly FailedEvent[], now: Date): DeadLetterNote {
  const { attributes } = record.message;
  const webhookId = attributes['webhook-id'];
  return {
    failures: joinFailures(failed.map(failureOf)),
    ...(webhookId !== undefined && { webhookId }),
    receives: record.receives,
    deadLetteredAt: now.toISOString(),
  };
}

function failureOf({ name, item, identity, reason, entry }: FailedEvent): DeadLetterFailure {
  const { firstAttemptAt, lastAttemptAt, mappingVersion, transactionId } = entry ?? {};
  return {
    ...factsOf(reason),
    event: name,
    ...(item !== undefined && { items: [item] }),
    ...(identity !== undefined && { identity }),
    attempts: entry?.attempts ?? 0,
    ...(mappingVersion !== undefined && { mappingVersion }),
    ...(transactionId !== undefined && { transactionId }),
    ...(firstAttemptAt && { firstAttemptAt: firstAttemptAt.toISOString() }),
    ...(lastAttemptAt && { lastAttemptAt: lastAttemptAt.toISOString() }),
  };
}

/**
 * The note of a message that cannot be opened. If a person replayed it, the note keeps which events that was about: the
 * next replay is of these alone.
 */
export function noteOfUnopened(
  { message, receives }: BufferRecord,
  reason: DeadLettered,
  now: Date,
): DeadLetterNote {
  const facts = { ...factsOf(reason), attempts: 0 };
  const replayed = readReplay(message.attributes)?.events?.map(({ event, items }) => ({ event, items })) ?? [
    {},
  ];
  return {
    failures: joinFailures(replayed.map((which) => ({ ...facts, ...which }))),
    receives,
    deadLetteredAt: now.toISOString(),
  };
}

function factsOf({ stage, code, detail, answer }: DeadLettered) {
  return { stage, code, ...(detail !== undefined && { detail }), ...(answer !== undefined && { answer }) };
}

/** Events that a replay names and no mapping has any more: the dead letter keeps them for the next replay. */
export function failedWithoutMapping({ name, item }: NamedEvent, detail?: string): FailedEvent {
  return {
    outcome: 'failed',
    name,
    ...(item !== undefined && { item }),
    reason: {
      outcome: 'dead-letter',
      stage: 'map',
      code: 'no-mapping',
      ...(detail !== undefined && { detail }),
    },
  };
}
