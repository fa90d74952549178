import * as z from 'zod/mini';
import { type BufferedWebhook, type BufferMessage, decodeBufferedWebhook } from '../buffer/message.ts';
import type { DeadLetterCode, DeadLetterNote } from '../dead-letter/note.ts';
import { type Mapped, mapWebhook, type PreparedMappings } from '../map/webhook.ts';
import { fail, type Result, succeed } from '../result.ts';
import { parseBody } from '../webhook-body.ts';
import { deliverEvent } from './event.ts';
import type { LedgerFailure, LedgerStore } from './ledger/decision.ts';
import { type LedgerEntry, ledgerKey } from './ledger/entry.ts';
import { type IntakeRecord, intakeRecordOf } from './ledger/intake-record.ts';
import {
  formatBug,
  formatEvent,
  formatUnopened,
  formatUnrecorded,
  type OnceAMinute,
  type OutcomeLine,
} from './log-line.ts';
import { type DeadLettered, type EventOutcome, type Unopenable, writeNote } from './outcome.ts';
import { nextDelaySeconds } from './retry-schedule.ts';
import { type BufferRecord, type EventDependencies, type EventWork, tryLater } from './work.ts';

/**
 * Works on the records of a batch, at the same time and each for itself: one webhook's outcome never touches another's.
 * Returns the ids of the messages that stay on the buffer.
 */
export async function deliverBatch(
  records: readonly BufferRecord[],
  dependencies: DeliverDependencies,
): Promise<readonly string[]> {
  const fates = await Promise.all(
    records.map((record) =>
      // A bug met by one webhook must not send the others of its batch back to the buffer.
      deliverWebhook(record, dependencies).catch((bug: unknown) => keepAfterBug(record, bug, dependencies)),
    ),
  );
  return records.flatMap(({ messageId }, index) => (fates[index] === 'done' ? [] : [messageId]));
}

function keepAfterBug(record: BufferRecord, bug: unknown, { log, now }: DeliverDependencies): Fate {
  log(formatBug(record, bug, now()));
  return 'kept';
}

/** What deliver needs of the outside world to work on the messages of the buffer. */
export type DeliverDependencies = EventDependencies & {
  readonly mappings: PreparedMappings;
  /** Leaves a message on the buffer, unseen for so many seconds. */
  readonly hide: (
    receiptHandle: string,
    seconds: number,
  ) => Promise<Result<void, { readonly cause: string }>>;
  /** Keeps an intake record as an item of its own, beside the events of its webhook. */
  readonly writeIntakeRecord: (
    webhook: string,
    intakeRecord: IntakeRecord,
  ) => Promise<Result<void, LedgerFailure>>;
  readonly log: (line: OutcomeLine) => void;
  readonly isFirstThisMinute: OnceAMinute;
};

/** What writing an intake record may take at most, with all of its tries: nothing that matters more may want for that time. */
const INTAKE_RECORD_MILLISECONDS = 12_000;

/** Whether a message is worked off, or stays on the buffer. */
type Fate = 'done' | 'kept';

/**
 * Brings the events of one message to their ends, in the order of the mapping. The message goes once none of them is to
 * be tried again: what has ended by then is in the ledger, and recognised if the message comes back for the others.
 */
async function deliverWebhook(record: BufferRecord, dependencies: DeliverDependencies): Promise<Fate> {
  const opened = await openWebhook(record.message, dependencies.mappings);
  if (!opened.ok) return deadLetterUnopened(record, opened.failure, dependencies);

  const { webhook, events } = opened.value;
  const mapping = dependencies.mappings.get(webhook.source) ?? [];
  const intakeRecord = intakeRecordOf(webhook, { mapping, events }, dependencies.now());
  const { ledger, hasIntakeRecord } = watchIntakeRecord(dependencies.ledger, intakeRecord);
  const pauses: number[] = [];
  for (const mapped of events) {
    const work = { record, webhook, mapped, ...(!hasIntakeRecord() && { intakeRecord }) };
    const outcome = await deliverOne(work, { ...dependencies, ledger });
    if (outcome.outcome === 'retry-later') pauses.push(outcome.seconds);
  }
  if (!hasIntakeRecord())
    await keepIntakeRecord(webhook, { intakeRecord, comesAgain: pauses.length > 0 }, dependencies);
  return pauses.length === 0 ? 'done' : keep(record, Math.max(...pauses), dependencies);
}

/**
 * Where no entry has taken the intake record, it becomes an item of its own: no event was claimed, or all were known already.
 * One that cannot be written makes a story poorer, and keeps nothing from being delivered.
 */
async function keepIntakeRecord(
  webhook: BufferedWebhook,
  { intakeRecord, comesAgain }: { readonly intakeRecord: IntakeRecord; readonly comesAgain: boolean },
  { writeIntakeRecord, remainingMilliseconds, log }: DeliverDependencies,
): Promise<void> {
  const hasTime = remainingMilliseconds() >= INTAKE_RECORD_MILLISECONDS;
  if (!hasTime && comesAgain) return;
  const recorded = hasTime
    ? await writeIntakeRecord(ledgerKey(webhook, { name: '' }).webhook, intakeRecord)
    : fail({ cause: 'no-time' });
  if (!recorded.ok) log(formatUnrecorded(webhook, recorded.failure));
}

async function deliverOne(work: EventWork<Mapped>, dependencies: DeliverDependencies): Promise<EventOutcome> {
  const outcome = await deliverEvent(work, dependencies).catch((bug: unknown) =>
    afterBug(work, bug, dependencies),
  );
  const { log, now, isFirstThisMinute } = dependencies;
  log(formatEvent(work, outcome, { now: now(), isFirstThisMinute }));
  return outcome;
}

/** A bug met by one event touches no other. Its name is told; its message may quote the webhook. */
function afterBug(work: EventWork<Mapped>, bug: unknown, dependencies: DeliverDependencies): EventOutcome {
  const cause = bug instanceof Error ? bug.name : 'unknown';
  return tryLater(work, { code: 'internal-error', cause }, dependencies);
}

/** There is no event to be found in the ledger: all that is known of the message goes with it. */
async function deadLetterUnopened(
  record: BufferRecord,
  unopenable: Unopenable,
  dependencies: DeliverDependencies,
): Promise<Fate> {
  const { now, log, putInDeadLetters, random } = dependencies;
  const { attempts } = record;
  const note = writeNote(unopenable.outcome, { attempts: 0, receives: attempts }, now());
  const put = await putInDeadLetters(record.message, note);
  log(formatUnopened(record, unopenable, { now: now(), ...(!put.ok && put.failure) }));
  return put.ok ? 'done' : keep(record, nextDelaySeconds(attempts, random()), dependencies);
}

/** Where it cannot be hidden, it comes back when the queue's own visibility timeout has passed. */
async function keep(record: BufferRecord, seconds: number, { hide }: DeliverDependencies): Promise<Fate> {
  await hide(record.receiptHandle, seconds);
  return 'kept';
}

/** A message of the buffer that can be worked on: its webhook, and what the mapping makes of it. */
type OpenedWebhook = { readonly webhook: BufferedWebhook; readonly events: readonly Mapped[] };

/** Reads a message and maps its webhook. */
async function openWebhook(
  message: BufferMessage,
  mappings: PreparedMappings,
): Promise<Result<OpenedWebhook, Unopenable>> {
  const decoded = decodeBufferedWebhook(message);
  if (!decoded.ok) {
    return fail({ outcome: deadLetter('buffer', 'message-unreadable', decoded.failure.problems.join('; ')) });
  }
  const webhook = decoded.value;
  const mapping = mappings.get(webhook.source);
  if (mapping === undefined) return fail({ webhook, outcome: deadLetter('map', 'no-mapping') });
  const body = parseBody(webhook.rawBody, webhook.bodyFormat);
  if (!body.ok) return fail({ webhook, outcome: deadLetter('map', body.failure.code) });

  const events = await mapWebhook(mapping, {
    source: webhook.source,
    eventTypes: webhook.eventTypes,
    headers: webhook.headers,
    receivedAt: webhook.receivedAt.toISOString(),
    body: body.value,
  });
  // Ingest buffers only what some mapping wants: this one was changed or removed while the webhook waited.
  if (events.length === 0) return fail({ webhook, outcome: deadLetter('map', 'no-mapping') });
  return succeed({ webhook, events });
}

function deadLetter(stage: DeadLetterNote['stage'], code: DeadLetterCode, detail?: string): DeadLettered {
  return { outcome: 'dead-letter', stage, code, ...(detail !== undefined && { detail }) };
}

/** A ledger, and what its reads and writes have shown of one delivery's intake record. */
type WatchedLedger = {
  readonly ledger: LedgerStore;
  /** Whether an entry has it for certain: one that was written now, or one of an earlier time that the message came. */
  readonly hasIntakeRecord: () => boolean;
};

/**
 * Watches a ledger for the intake record of one delivery. Whatever goes wrong about a claim, only an entry that was written or
 * read counts: an answer that was lost leaves the intake record to the next claim, or to an item of its own.
 */
function watchIntakeRecord({ read, write }: LedgerStore, { webhookId }: IntakeRecord): WatchedLedger {
  let isSeen = false;
  const look = (entry: LedgerEntry | undefined) => {
    isSeen ||= entry?.intakeRecord?.webhookId === webhookId;
  };
  return {
    hasIntakeRecord: () => isSeen,
    ledger: {
      read: async (key) => {
        const found = await read(key);
        if (found.ok) look(found.value);
        return found;
      },
      write: async (entry) => {
        const written = await write(entry);
        if (written.ok && written.value === 'written') look(entry);
        return written;
      },
    },
  };
}

/** What is used of an SQS event. AWS may add members, so the schema is open. */
const sqsEventSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z.object({
        ApproximateReceiveCount: z.coerce.number<string>().check(z.int(), z.minimum(1)),
        SentTimestamp: z.coerce.number<string>().check(z.int()),
      }),
      messageAttributes: z.record(z.string(), z.object({ stringValue: z.optional(z.string()) })),
    }),
  ),
});

/** Reads the records of an SQS event. Throws if AWS ever sends another shape: nothing could be settled then. */
export function readRecords(event: unknown): readonly BufferRecord[] {
  return sqsEventSchema.parse(event).Records.map((record) => ({
    messageId: record.messageId,
    receiptHandle: record.receiptHandle,
    message: { body: record.body, attributes: stringAttributes(record.messageAttributes) },
    attempts: record.attributes.ApproximateReceiveCount,
    bufferedAt: new Date(record.attributes.SentTimestamp),
  }));
}

function stringAttributes(
  attributes: Readonly<Record<string, { readonly stringValue?: string | undefined }>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, { stringValue }]) =>
      stringValue === undefined ? [] : [[name, stringValue]],
    ),
  );
}
