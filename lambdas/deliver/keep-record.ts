import type { BufferedWebhook } from '../buffer/message.ts';
import type { Mapped } from '../map/webhook.ts';
import { fail, succeed } from '../result.ts';
import { LEFT_MILLISECONDS, type LedgerStore, type WebhookLedger } from './ledger/decision.ts';
import { type IntakeRecord, type LedgerEntry, ledgerKey } from './ledger/entry.ts';
import { createTally, intakeRecordOf } from './ledger/intake-record.ts';
import { isSmall, type Known, type ListedWebhook } from './ledger/known.ts';
import type { IdentifiedEvent, Progress } from './ledger/progress.ts';
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
