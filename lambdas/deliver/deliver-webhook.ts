import type { CompiledMapping, Mapped } from '../map/map-webhook.ts';
import type { Result } from '../result.ts';
import type { LedgerFailure } from './claim-event.ts';
import { deliverEvent } from './deliver-event.ts';
import { describeEvent, describeUnopened, describeUnrecorded, type OutcomeLine } from './describe-outcome.ts';
import type { EventOutcome } from './event-outcome.ts';
import { type EventDependencies, type EventWork, tryLater } from './event-work.ts';
import { type OpenedWebhook, openWebhook, type Unopenable } from './open-webhook.ts';
import type { BufferRecord } from './read-records.ts';
import { type Receipt, receiptOf } from './receipt.ts';
import { nextDelaySeconds } from './retry-schedule.ts';
import { writeNote } from './write-note.ts';

/** What deliver needs of the outside world to work on the messages of the buffer. */
export type DeliverDependencies = EventDependencies & {
  readonly mappings: ReadonlyMap<string, CompiledMapping>;
  /** Leaves a message on the buffer, unseen for so many seconds. */
  readonly hide: (
    receiptHandle: string,
    seconds: number,
  ) => Promise<Result<void, { readonly cause: string }>>;
  readonly recordReceipt: (receipt: Receipt) => Promise<Result<void, LedgerFailure>>;
  readonly log: (line: OutcomeLine) => void;
};

/** Whether a message is worked off, or stays on the buffer. */
export type Fate = 'done' | 'kept';

/**
 * Brings the events of one message to their ends, in the order of the mapping. The message goes once none of them is to
 * be tried again: what has ended by then is in the ledger, and recognised if the message comes back for the others.
 */
export async function deliverWebhook(record: BufferRecord, dependencies: DeliverDependencies): Promise<Fate> {
  const opened = await openWebhook(record.message, dependencies.mappings);
  if (!opened.ok) return buryMessage(record, opened.failure, dependencies);

  // For those who ask later; the events do not wait for it, and do not need it.
  const recorded = keepReceipt(opened.value, dependencies);
  const pauses: number[] = [];
  for (const mapped of opened.value.events) {
    const outcome = await deliverOne(record, opened.value, { mapped, dependencies });
    if (outcome.outcome === 'retry-later') pauses.push(outcome.seconds);
  }
  await recorded;
  return pauses.length === 0 ? 'done' : keep(record, Math.max(...pauses), dependencies);
}

/** A receipt that cannot be written makes a story poorer, and keeps nothing from being delivered. */
async function keepReceipt(
  { webhook, events }: OpenedWebhook,
  { mappings, recordReceipt, now, log }: DeliverDependencies,
): Promise<void> {
  const mapping = mappings.get(webhook.source) ?? [];
  const recorded = await recordReceipt(receiptOf(webhook, { mapping, events }, now()));
  if (!recorded.ok) log(describeUnrecorded(webhook, recorded.failure));
}

async function deliverOne(
  record: BufferRecord,
  { webhook }: OpenedWebhook,
  { mapped, dependencies }: { readonly mapped: Mapped; readonly dependencies: DeliverDependencies },
): Promise<EventOutcome> {
  const work = { record, webhook, mapped };
  const outcome = await deliverEvent(work, dependencies).catch((bug: unknown) =>
    afterBug(work, bug, dependencies),
  );
  dependencies.log(describeEvent(work, outcome, dependencies.now()));
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
