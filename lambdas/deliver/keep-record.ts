import type { BufferedWebhook } from '../buffer/message.ts';
import { type CompiledMapping, isOn, type Mapped, type PendingEvent } from '../map/webhook.ts';
import { fail, succeed } from '../result.ts';
import { LEFT_MILLISECONDS } from './ledger/decision.ts';
import {
  type IdentifiedEvent,
  type IntakeRecord,
  type LedgerEntry,
  type LedgerStore,
  ledgerKey,
  type Progress,
  type WebhookLedger,
} from './ledger/entry.ts';
import { isSmall, type Known, type ListedWebhook } from './ledger/known.ts';
import { formatUnrecorded, type OutcomeLine } from './log-line.ts';
import type { EventDependencies } from './work.ts';

/** What keeping an intake record needs of the outside world. */
export type RecordDependencies = Pick<EventDependencies, 'now' | 'remainingMilliseconds'> & {
  readonly ledger: WebhookLedger;
  readonly log: (line: OutcomeLine) => void;
};

/** Keeps the intake record of one delivery of a webhook. */
export type RecordKeeper = {
  /** The ledger, which is watched for an entry that carries the record. */
  readonly ledger: WebhookLedger;
  /** Counts an event as it is mapped. */
  readonly count: (mapped: Mapped) => void;
  /** The record, for the entry that is written next; `undefined` where it is an item of its own, or an entry has it. */
  readonly carried: () => IntakeRecord | undefined;
  /** Writes the record, with how far work has come, if it is to be an item of its own. */
  readonly keep: (progress: Progress, comesAgain: boolean) => Promise<void>;
};

/** How long writing an intake record may take, with all tries: it must not take this time from anything that matters more. */
const INTAKE_RECORD_MILLISECONDS = 12_000;

/**
 * Begins to keep the intake record of a delivery. That of a small webhook goes with its first claim, and costs no write of
 * its own unless the message comes again. Only an entry that was certainly written, or was read, counts. Where no entry
 * has it, it becomes an item of its own: no event was claimed, or all were known already. Any other webhook's is an item
 * of its own. If it cannot be written, every event is delivered all the same.
 */
export function createRecordKeeper(
  listed: ListedWebhook,
  known: Known,
  dependencies: RecordDependencies,
): RecordKeeper {
  const { webhook, events, mapping } = listed;
  const tally = createTally(events, known.progress && known.intakeRecord?.matched);
  const takenAt = known.intakeRecord?.takenAt ?? dependencies.now();
  const record = () => intakeRecordOf(webhook, { mapping: mapping.events, tally }, takenAt);
  const isCarried = isSmall(listed) && known.intakeRecord === undefined;
  const keepOwn = createOwnRecord(listed, known, dependencies);
  let isSeen = false;
  const look = (entry: LedgerEntry | undefined) => {
    isSeen ||= entry?.intakeRecord?.webhookId === webhook.webhookId;
  };
  for (const place of isCarried ? events.keys() : []) look(known.entryAt(place));
  return {
    ledger: isCarried ? watch(dependencies.ledger, look) : dependencies.ledger,
    count: tally.count,
    carried: () => (isCarried && !isSeen ? record() : undefined),
    keep: async (progress, comesAgain) => {
      if (!isCarried || (comesAgain && events.length > 1)) return keepOwn(record(), progress);
      if (!isSeen) await keepUncarried(webhook, { record: record(), comesAgain }, dependencies);
    },
  };
}

async function keepUncarried(
  webhook: BufferedWebhook,
  { record, comesAgain }: { readonly record: IntakeRecord; readonly comesAgain: boolean },
  { ledger, log, remainingMilliseconds }: RecordDependencies,
): Promise<void> {
  const hasTime = remainingMilliseconds() >= INTAKE_RECORD_MILLISECONDS;
  if (!hasTime && comesAgain) return;
  const recorded = hasTime
    ? await ledger.writeIntakeRecord(ledgerKey(webhook, { name: '' }).webhook, record)
    : fail({ cause: 'no-time' });
  if (!recorded.ok) log(formatUnrecorded(webhook, recorded.failure));
}

/** If an answer of the ledger is lost, the next claim takes the intake record, or it becomes an item of its own. */
function watch(ledger: WebhookLedger, look: (entry: LedgerEntry | undefined) => void): WebhookLedger {
  const { read, write }: LedgerStore = ledger;
  return {
    ...ledger,
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
  };
}

/** So many identified events are in the record itself; more are items of their own. */
const MAX_IDENTIFIED = 20;

/** The record as an item of its own, with the progress of the work. The list of identified events is written once. */
function createOwnRecord(
  { webhook, events }: ListedWebhook,
  known: Known,
  { ledger, log, remainingMilliseconds }: RecordDependencies,
): (record: IntakeRecord, progress: Progress) => Promise<void> {
  const identified = joinIdentified(known.identified, events);
  const isLong = identified.length > MAX_IDENTIFIED;
  const partition = ledgerKey(webhook, { name: '' }).webhook;
  let hasPages = !isLong || known.progress !== undefined;
  return async (counted, progress) => {
    const record = {
      ...counted,
      ...(!isLong && identified.length > 0 && { identified }),
      progress,
    };
    const write = async () => {
      const paged = hasPages
        ? succeed(undefined)
        : await ledger.writeIdentified(partition, record, identified);
      hasPages ||= paged.ok;
      return paged.ok ? ledger.writeIntakeRecord(partition, record) : paged;
    };
    const hasTime = remainingMilliseconds() >= LEFT_MILLISECONDS;
    const kept = hasTime ? await write() : fail({ cause: 'no-time' });
    if (!kept.ok) log(formatUnrecorded(webhook, kept.failure));
  };
}

/** Those of earlier mappings stay in the list: their entries may be unfinished. */
function joinIdentified(
  before: readonly IdentifiedEvent[],
  events: ListedWebhook['events'],
): readonly IdentifiedEvent[] {
  const listed = events.flatMap(({ name, item, identity }) =>
    identity === undefined ? [] : [{ name, ...(item !== undefined && { item }), identity }],
  );
  const all = [...before, ...listed].map(
    (one) => [JSON.stringify([one.name, one.item, one.identity]), one] as const,
  );
  return [...new Map(all).values()];
}

type MatchedEvent = IntakeRecord['matched'][number];

/** Counts what each event of the mapping has made of a webhook. */
type Tally = {
  /** Counts what came of an event, once for each. */
  readonly count: (mapped: MappedKind) => void;
  readonly of: (name: string) => Readonly<Counts>;
};

/** What counts of a mapped event. */
type MappedKind = Pick<Mapped, 'name' | 'kind'> & { readonly code?: 'when-not-met' | 'no-items' };

type Counts = { made: number; rejected: number; skipped?: 'when-not-met' | 'no-items' };

/**
 * Begins to count. An event counts as made until it turns out to be rejected or skipped.
 * @param before what earlier receives have counted
 */
export function createTally(events: readonly PendingEvent[], before: readonly MatchedEvent[] = []): Tally {
  const counts = new Map<string, Counts>(before.map(({ event, ...counted }) => [event, { ...counted }]));
  const isKnown = before.length > 0;
  const countsOf = (name: string) => {
    const known = counts.get(name) ?? { made: 0, rejected: 0 };
    counts.set(name, known);
    return known;
  };
  for (const { name } of isKnown ? [] : events) countsOf(name).made += 1;
  return {
    count: (mapped) => {
      if (mapped.kind === 'event') return;
      const known = countsOf(mapped.name);
      known.made -= 1;
      if (mapped.kind === 'rejected') known.rejected += 1;
      else if (mapped.code !== undefined) known.skipped = mapped.code;
    },
    of: (name) => counts.get(name) ?? { made: 0, rejected: 0 },
  };
}

/** An expression may be long; its beginning says which it is. */
const MAX_WHEN_CHARACTERS = 200;

/** DynamoDB takes items of 409,600 bytes. What a batch of any size has many of is kept far below that. */
const MAX_TYPES_CHARACTERS = 8_000;
const MAX_MATCHED = 200;

/** The intake record of a webhook: codes, counts and the mapping author's own words, never a value of the payload. */
export function intakeRecordOf(
  webhook: BufferedWebhook,
  { mapping, tally }: { readonly mapping: CompiledMapping['events']; readonly tally: Tally },
  now: Date,
): IntakeRecord {
  const { webhookId, receivedAt, secretIndex, rawBody } = webhook;
  const eventTypes = cutTypes(webhook.eventTypes);
  const moreTypes = webhook.eventTypes.length - eventTypes.length;
  const matched = mapping.filter((event) => isOn(event.mapping, webhook.eventTypes));
  return {
    webhookId,
    receivedAt,
    takenAt: now,
    eventTypes,
    ...(moreTypes > 0 && { moreTypes }),
    bytes: rawBody.byteLength,
    ...(secretIndex !== undefined && { secretIndex }),
    matched: matched.slice(0, MAX_MATCHED).map(({ mapping: event }) => matchOf(event, tally)),
    others: mapping.length - matched.length,
    ...(matched.length > MAX_MATCHED && { moreMatched: matched.length - MAX_MATCHED }),
  };
}

/** As many types as fit, at least one. */
function cutTypes(eventTypes: readonly string[]): readonly string[] {
  let characters = 0;
  const end = eventTypes.findIndex((eventType) => {
    characters += eventType.length + 1;
    return characters > MAX_TYPES_CHARACTERS;
  });
  return end < 0 ? eventTypes : eventTypes.slice(0, Math.max(1, end));
}

function matchOf(
  { name, when }: { readonly name: string; readonly when?: string | undefined },
  tally: Tally,
): MatchedEvent {
  const { made, rejected, skipped } = tally.of(name);
  if (made + rejected > 0 || skipped === undefined) return { event: name, made, rejected };
  return {
    event: name,
    made,
    rejected,
    skipped,
    ...(skipped === 'when-not-met' && when && { when: when.slice(0, MAX_WHEN_CHARACTERS) }),
  };
}
