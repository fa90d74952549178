import * as z from 'zod/mini';
import { type BufferedWebhook, type BufferMessage, decodeBufferedWebhook } from '../buffer/message.ts';
import { applyReplay, type EventReplay, type NamedEvent } from '../buffer/replay.ts';
import type { DeadLetterCode, DeadLetterFailure } from '../dead-letter/note.ts';
import { type Mapped, mapWebhook, type PreparedMappings } from '../map/webhook.ts';
import { fail, type Result, succeed } from '../result.ts';
import { parseBody } from '../webhook-body.ts';
import { deadLetterFailed, type FailedEvent, failedWithoutMapping, noteOfUnopened } from './dead-letter.ts';
import { deliverEvent } from './event.ts';
import type { LedgerFailure, LedgerStore } from './ledger/decision.ts';
import { type IntakeRecord, intakeRecordOf, type LedgerEntry, ledgerKey } from './ledger/entry.ts';
import {
  formatBug,
  formatEvent,
  formatUnopened,
  formatUnrecorded,
  type OnceAMinute,
  type OutcomeLine,
} from './log-line.ts';
import type { DeadLettered, EventOutcome, Unopenable } from './outcome.ts';
import { nextDelaySeconds } from './retry-schedule.ts';
import { type BufferRecord, type EventDependencies, type EventWork, tryLater } from './work.ts';

/** What deliver needs of the outside world to work on the messages of the buffer. */
export type DeliverDependencies = EventDependencies & {
  readonly mappings: PreparedMappings;
  /** Leaves a message on the buffer, invisible for so many seconds. */
  readonly hide: (
    receiptHandle: string,
    seconds: number,
  ) => Promise<Result<void, { readonly cause: string }>>;
  /** Writes an intake record as an item of its own, beside the events of its webhook. */
  readonly writeIntakeRecord: (
    webhook: string,
    intakeRecord: IntakeRecord,
  ) => Promise<Result<void, LedgerFailure>>;
  readonly log: (line: OutcomeLine) => void;
  readonly isFirstThisMinute: OnceAMinute;
};

/** Whether a message has been worked off, or stays on the buffer. */
type Fate = 'done' | 'kept';

/**
 * Works on the records of a batch, all at the same time and each by itself: no webhook's outcome affects another's.
 * Returns the ids of the messages that stay on the buffer.
 */
export async function deliverBatch(
  records: readonly BufferRecord[],
  dependencies: DeliverDependencies,
): Promise<readonly string[]> {
  const fates = await Promise.all(
    records.map((record) =>
      // A bug that one webhook meets must not send the others of its batch back to the buffer.
      deliverWebhook(record, dependencies).catch((bug: unknown) => keepAfterBug(record, bug, dependencies)),
    ),
  );
  return records.flatMap(({ messageId }, index) => (fates[index] === 'done' ? [] : [messageId]));
}

function keepAfterBug(record: BufferRecord, bug: unknown, { log, now }: DeliverDependencies): Fate {
  log(formatBug(record, bug, now()));
  return 'kept';
}

/**
 * Brings the events of one message to their ends, in the order of the mapping. The message goes once no event is to be
 * tried again. If it comes back for some of them, the ledger knows the others as ended.
 */
async function deliverWebhook(record: BufferRecord, dependencies: DeliverDependencies): Promise<Fate> {
  const opened = await openWebhook(record.message, dependencies.mappings);
  if (!opened.ok) return deadLetterUnopened(record, opened.failure, dependencies);

  const { webhook, events } = opened.value;
  const { chosen, missing } = chooseEvents(webhook, events);
  const mapping = dependencies.mappings.get(webhook.source)?.events ?? [];
  const intakeRecord = intakeRecordOf(webhook, { mapping, events }, dependencies.now());
  const { ledger, hasIntakeRecord } = watchIntakeRecord(dependencies.ledger, intakeRecord);
  const ends: (EventOutcome | FailedEvent)[] = [];
  for (const { mapped, replay } of chosen) {
    const permission = replay && { replay };
    const work = { record, webhook, mapped, ...permission, ...(!hasIntakeRecord() && { intakeRecord }) };
    ends.push(await deliverOne(work, { ...dependencies, ledger }));
  }
  const pauses = ends.flatMap((end) => (end.outcome === 'retry-later' ? [end.seconds] : []));
  const failed = [
    ...missing.map((named) => failedWithoutMapping(named)),
    ...ends.filter((end) => end.outcome === 'failed'),
  ];
  pauses.push(...(await deadLetterAll({ record, webhook }, { failed, events }, { ...dependencies, ledger })));
  if (!hasIntakeRecord())
    await keepIntakeRecord(webhook, { intakeRecord, comesAgain: pauses.length > 0 }, dependencies);
  return pauses.length === 0 ? 'done' : keep(record, Math.max(...pauses), dependencies);
}

/** A replay is of its events alone; else all that the mapping makes of the webhook is worked on. */
function chooseEvents({ replay }: BufferedWebhook, events: readonly Mapped[]): ChosenEvents {
  if (replay === undefined) return { chosen: events.map((mapped) => ({ mapped })), missing: [] };
  const { chosen, missing } = applyReplay(replay, events);
  return {
    chosen: chosen.map(({ event, replay: permission }) => ({ mapped: event, replay: permission })),
    missing,
  };
}

type ChosenEvents = {
  readonly chosen: readonly { readonly mapped: Mapped; readonly replay?: EventReplay }[];
  /** Those that a replay names and the mapping no longer has. */
  readonly missing: readonly NamedEvent[];
};

/** Dead-letters what failed, logs each event's outcome, and returns the pauses of those that are to be tried later. */
async function deadLetterAll(
  { record, webhook }: Pick<EventWork<Mapped>, 'record' | 'webhook'>,
  { failed, events }: { readonly failed: readonly FailedEvent[]; readonly events: readonly Mapped[] },
  dependencies: DeliverDependencies,
): Promise<readonly number[]> {
  const outcomes = await deadLetterFailed(record, failed, dependencies);
  return outcomes.flatMap((outcome, index) => {
    const { name = '', item } = failed[index] ?? {};
    const mapped = events.find((one) => one.name === name && one.item === item);
    const { log, now, isFirstThisMinute } = dependencies;
    const logged = { record, webhook, mapped: mapped ?? { name, ...(item !== undefined && { item }) } };
    log(formatEvent(logged, outcome, { now: now(), isFirstThisMinute }));
    return outcome.outcome === 'retry-later' ? [outcome.seconds] : [];
  });
}

/** Brings one event to its end, and logs it unless it is still to be dead-lettered. */
async function deliverOne(
  work: EventWork<Mapped>,
  dependencies: DeliverDependencies,
): Promise<EventOutcome | FailedEvent> {
  const outcome = await deliverEvent(work, dependencies).catch((bug: unknown) =>
    tryAfterBug(work, bug, dependencies),
  );
  if (outcome.outcome === 'failed') return outcome;
  const { log, now, isFirstThisMinute } = dependencies;
  log(formatEvent(work, outcome, { now: now(), isFirstThisMinute }));
  return outcome;
}

/** A bug that one event meets affects no other. Only its name is logged: its message may quote the webhook. */
function tryAfterBug(work: EventWork<Mapped>, bug: unknown, dependencies: DeliverDependencies): EventOutcome {
  const cause = bug instanceof Error ? bug.name : 'unknown';
  return tryLater(work, { code: 'internal-error', cause }, dependencies);
}

/** If the message cannot be hidden, it comes back when the queue's own visibility timeout has passed. */
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
  const mapping = mappings.get(decoded.value.source);
  if (mapping === undefined)
    return fail({ webhook: decoded.value, outcome: deadLetter('map', 'no-mapping') });
  // The message may have a former name of the source.
  const webhook = { ...decoded.value, source: mapping.source };
  const body = parseBody(webhook.rawBody, webhook.bodyFormat);
  if (!body.ok) return fail({ webhook, outcome: deadLetter('map', body.failure.code) });

  const events = await mapWebhook(mapping, {
    source: webhook.source,
    eventTypes: webhook.eventTypes,
    headers: webhook.headers,
    receivedAt: webhook.receivedAt.toISOString(),
    body: body.value,
  });
  // Ingest buffers only webhooks that a mapping wants: this mapping was changed while the webhook waited.
  if (events.length === 0) return fail({ webhook, outcome: deadLetter('map', 'no-mapping') });
  return succeed({ webhook, events });
}

function deadLetter(stage: DeadLetterFailure['stage'], code: DeadLetterCode, detail?: string): DeadLettered {
  return { outcome: 'dead-letter', stage, code, ...(detail !== undefined && { detail }) };
}

/** Dead-letters a whole message: no event in the ledger stands for it, so the log line has all that is known of it. */
async function deadLetterUnopened(
  record: BufferRecord,
  unopenable: Unopenable,
  dependencies: DeliverDependencies,
): Promise<Fate> {
  const { now, log, putDeadLetter, random } = dependencies;
  const { receives } = record;
  const put = await putDeadLetter(record.message, noteOfUnopened(record, unopenable.outcome, now()));
  log(formatUnopened(record, unopenable, { now: now(), ...(!put.ok && put.failure) }));
  return put.ok ? 'done' : keep(record, nextDelaySeconds(receives, random()), dependencies);
}

/** A ledger, and what its reads and writes have shown of one delivery's intake record. */
type WatchedLedger = {
  readonly ledger: LedgerStore;
  /** Whether an entry certainly has it: one that was written now, or when the message came before. */
  readonly hasIntakeRecord: () => boolean;
};

/**
 * Watches a ledger for the intake record of one delivery. Only an entry that was certainly written, or was read, counts:
 * if an answer is lost, the next claim takes the intake record, or it becomes an item of its own.
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

/** How long writing an intake record may take, with all tries: it must not take this time from anything that matters more. */
const INTAKE_RECORD_MILLISECONDS = 12_000;

/**
 * Writes the intake record as an item of its own where no entry has taken it: no event was claimed, or all were known
 * already. If it cannot be written, the webhook's story lacks it, and every event is delivered all the same.
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

/** The members of an SQS event that deliver uses. AWS may add others, so the schema is open. */
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

/** Reads the records of an SQS event. Throws if AWS ever sends another shape: then no message could be settled. */
export function readRecords(event: unknown): readonly BufferRecord[] {
  return sqsEventSchema.parse(event).Records.map((record) => ({
    messageId: record.messageId,
    receiptHandle: record.receiptHandle,
    message: { body: record.body, attributes: stringAttributes(record.messageAttributes) },
    receives: record.attributes.ApproximateReceiveCount,
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
