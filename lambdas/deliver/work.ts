import type { BufferedWebhook, BufferMessage } from '../buffer/message.ts';
import type { EventReplay } from '../buffer/replay.ts';
import type { DeadLetterNote } from '../dead-letter/note.ts';
import type { Mapped } from '../map/webhook.ts';
import type { Result } from '../result.ts';
import type { CallPause, EventCaller } from './event-api/caller.ts';
import type { SettleDependencies } from './ledger/decision.ts';
import type { IntakeRecord, LedgerEntry } from './ledger/entry.ts';
import type { RetryLater } from './outcome.ts';
import { nextDelaySeconds } from './retry-schedule.ts';

/** A message taken from the buffer, with what SQS knows of it. */
export type BufferRecord = {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly message: BufferMessage;
  /** How often it has been taken from the buffer, this time included. */
  readonly receives: number;
  /** When it was put on the buffer: the retry budget counts from here. */
  readonly bufferedAt: Date;
};

/** One event of a webhook, and the message that it came in. */
export type EventWork<Which extends Mapped> = {
  readonly mapped: Which;
  readonly webhook: BufferedWebhook;
  readonly record: BufferRecord;
  /** A person's permission, where the message is a replay of this event. */
  readonly replay?: EventReplay;
  /** The intake record of the delivery, as long as no entry of the ledger has it. */
  readonly intakeRecord?: IntakeRecord;
  /** What the ledger had of the event when the webhook was opened. */
  readonly found?: LedgerEntry;
  /** How often the message was received, less the receives that ended since the function's time did. */
  readonly triedReceives?: number;
};

/** What deliver needs of the outside world to bring one event to an end. */
export type EventDependencies = SettleDependencies & {
  readonly caller: EventCaller;
  readonly putDeadLetter: (
    message: BufferMessage,
    note: DeadLetterNote,
  ) => Promise<Result<void, { readonly cause: string }>>;
  /** A keyed hash of an event key; `undefined` while the hash key cannot be read. */
  readonly hashEventKey: (eventKey: string) => Promise<string | undefined>;
  /** Something random, unlike any before. */
  readonly newOwner: () => string;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** How long a claim is valid: longer than the function can run. */
  readonly leaseMilliseconds: number;
};

/** Why an event is left for another time. */
type Reason = CallPause & {
  readonly cause?: string;
  /** How often it was called, where it was: then its pause grows with its calls, not with those of others. */
  readonly attempts?: number;
};

/** Leaves the event for another time. That there was no time to begin it is no failure, and its pause does not grow. */
export function tryLater(
  { record, triedReceives = record.receives }: Pick<EventWork<Mapped>, 'record' | 'triedReceives'>,
  { code, cause, atLeastSeconds, attempts = triedReceives }: Reason,
  { random }: Pick<EventDependencies, 'random'>,
): RetryLater {
  const tries = Math.max(1, Math.min(triedReceives, attempts));
  const seconds =
    code === 'not-begun' || code === 'paused-by-person'
      ? Math.round(random())
      : nextDelaySeconds(tries, random(), atLeastSeconds);
  return { outcome: 'retry-later', code, seconds, ...(cause !== undefined && { cause }) };
}
