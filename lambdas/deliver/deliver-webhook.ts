import type { BufferedWebhook } from '../buffer/buffered-webhook.ts';
import type { Mapped, PreparedMappings } from '../map/webhook.ts';
import { fail, type Result } from '../result.ts';
import type { LedgerFailure } from './claim-event.ts';
import { deliverEvent } from './deliver-event.ts';
import { describeEvent, describeUnopened, describeUnrecorded, type OutcomeLine } from './describe-outcome.ts';
import type { EventOutcome, Unopenable } from './event-outcome.ts';
import type { BufferRecord } from './event-work.ts';
import { type EventDependencies, type EventWork, tryLater } from './event-work.ts';
import { ledgerKey } from './ledger-entry.ts';
import { openWebhook } from './open-webhook.ts';
import type { TakeProof } from './proof-clock.ts';
import { type Receipt, receiptOf } from './receipt.ts';
import { nextDelaySeconds } from './retry-schedule.ts';
import { watchReceipt } from './watch-receipt.ts';
import { writeNote } from './write-note.ts';

/** What deliver needs of the outside world to work on the messages of the buffer. */
export type DeliverDependencies = EventDependencies & {
  readonly mappings: PreparedMappings;
  /** Leaves a message on the buffer, unseen for so many seconds. */
  readonly hide: (
    receiptHandle: string,
    seconds: number,
  ) => Promise<Result<void, { readonly cause: string }>>;
  /** Keeps a receipt as an item of its own, beside the events of its webhook. */
  readonly recordReceipt: (webhook: string, receipt: Receipt) => Promise<Result<void, LedgerFailure>>;
  readonly log: (line: OutcomeLine) => void;
  readonly takeProof: TakeProof;
};

/** What writing a receipt may take at most, with all of its tries: nothing that matters more may want for that time. */
const RECEIPT_MILLISECONDS = 12_000;

/** Whether a message is worked off, or stays on the buffer. */
export type Fate = 'done' | 'kept';

/**
 * Brings the events of one message to their ends, in the order of the mapping. The message goes once none of them is to
 * be tried again: what has ended by then is in the ledger, and recognised if the message comes back for the others.
 */
export async function deliverWebhook(record: BufferRecord, dependencies: DeliverDependencies): Promise<Fate> {
  const opened = await openWebhook(record.message, dependencies.mappings);
  if (!opened.ok) return buryMessage(record, opened.failure, dependencies);

  const { webhook, events } = opened.value;
  const mapping = dependencies.mappings.get(webhook.source) ?? [];
  const receipt = receiptOf(webhook, { mapping, events }, dependencies.now());
  const { ledger, hasReceipt } = watchReceipt(dependencies.ledger, receipt);
  const pauses: number[] = [];
  for (const mapped of events) {
    const work = { record, webhook, mapped, ...(!hasReceipt() && { receipt }) };
    const outcome = await deliverOne(work, { ...dependencies, ledger });
    if (outcome.outcome === 'retry-later') pauses.push(outcome.seconds);
  }
  if (!hasReceipt()) await keepReceipt(webhook, { receipt, comesAgain: pauses.length > 0 }, dependencies);
  return pauses.length === 0 ? 'done' : keep(record, Math.max(...pauses), dependencies);
}

/**
 * Where no entry has taken the receipt, it becomes an item of its own: no event was claimed, or all were known already.
 * One that cannot be written makes a story poorer, and keeps nothing from being delivered.
 */
async function keepReceipt(
  webhook: BufferedWebhook,
  { receipt, comesAgain }: { readonly receipt: Receipt; readonly comesAgain: boolean },
  { recordReceipt, remainingMilliseconds, log }: DeliverDependencies,
): Promise<void> {
  const hasTime = remainingMilliseconds() >= RECEIPT_MILLISECONDS;
  if (!hasTime && comesAgain) return;
  const recorded = hasTime
    ? await recordReceipt(ledgerKey(webhook, { name: '' }).webhook, receipt)
    : fail({ cause: 'no-time' });
  if (!recorded.ok) log(describeUnrecorded(webhook, recorded.failure));
}

async function deliverOne(work: EventWork<Mapped>, dependencies: DeliverDependencies): Promise<EventOutcome> {
  const outcome = await deliverEvent(work, dependencies).catch((bug: unknown) =>
    afterBug(work, bug, dependencies),
  );
  const { log, now, takeProof } = dependencies;
  log(describeEvent(work, outcome, { now: now(), takeProof }));
  return outcome;
}

/** A bug met by one event touches no other. Its name is told; its message may quote the webhook. */
function afterBug(work: EventWork<Mapped>, bug: unknown, dependencies: DeliverDependencies): EventOutcome {
  const cause = bug instanceof Error ? bug.name : 'unknown';
  return tryLater(work, { code: 'internal-error', cause }, dependencies);
}

/** There is no event to be found in the ledger: all that is known of the message goes with it. */
async function buryMessage(
  record: BufferRecord,
  unopenable: Unopenable,
  dependencies: DeliverDependencies,
): Promise<Fate> {
  const { now, log, putInDeadLetters, random } = dependencies;
  const { attempts } = record;
  const note = writeNote(unopenable.outcome, { attempts: 0, receives: attempts }, now());
  const put = await putInDeadLetters(record.message, note);
  log(describeUnopened(record, unopenable, { now: now(), ...(!put.ok && put.failure) }));
  return put.ok ? 'done' : keep(record, nextDelaySeconds(attempts, random()), dependencies);
}

/** Where it cannot be hidden, it comes back when the queue's own visibility timeout has passed. */
async function keep(record: BufferRecord, seconds: number, { hide }: DeliverDependencies): Promise<Fate> {
  await hide(record.receiptHandle, seconds);
  return 'kept';
}
