import type { BufferMessage } from '../buffer/buffered-webhook.ts';
import type { DeadLetterNote } from '../dead-letter/dead-letter-note.ts';
import type { Result } from '../result.ts';
import {
  type DeliverDependencies,
  type Delivery,
  deliverWebhook,
  type EventOutcome,
} from './deliver-webhook.ts';
import type { BufferRecord } from './read-records.ts';
import { nextDelaySeconds, RETRY_BUDGET_SECONDS } from './retry-schedule.ts';

/** What deliver needs of the outside world to settle the messages of a batch. */
export type SettleDependencies = DeliverDependencies & {
  /** Leaves a message on the buffer, unseen for so many seconds. */
  readonly hide: (
    receiptHandle: string,
    seconds: number,
  ) => Promise<Result<void, { readonly cause: string }>>;
  readonly putInDeadLetters: (
    message: BufferMessage,
    note: DeadLetterNote,
  ) => Promise<Result<void, { readonly cause: string }>>;
  /** A number from 0 to 1. */
  readonly random: () => number;
  readonly record: (line: DeliverLine) => void;
};

/** What is logged of a message: codes, counts and ids, never a value of the payload. */
export type DeliverLine = {
  readonly stage: 'deliver';
  readonly messageId: string;
  readonly attempt: number;
  readonly source?: string;
  readonly eventType?: string;
  readonly deduplicationId?: string;
  readonly settled: Settled['settled'];
  readonly cause?: string;
  readonly outcomes: readonly EventOutcome[];
};

type Settled = {
  readonly settled: 'done' | 'kept' | 'dead-lettered';
  /** Why a message could not be hidden or dead-lettered. It stays on the buffer. */
  readonly cause?: string;
};

/**
 * Works on the records of a batch, at the same time and each for itself: one webhook's outcome never touches another's.
 * Returns the ids of the messages that stay on the buffer.
 */
export async function deliverBatch(
  records: readonly BufferRecord[],
  dependencies: SettleDependencies,
): Promise<readonly string[]> {
  const kept = await Promise.all(
    records.map((record) =>
      // A bug met by one webhook must not send the others of its batch back to the buffer.
      deliverRecord(record, dependencies).catch((bug: unknown) => keepAfterBug(record, bug, dependencies)),
    ),
  );
  return kept.flat();
}

function keepAfterBug(
  record: BufferRecord,
  bug: unknown,
  { record: log }: SettleDependencies,
): readonly string[] {
  const { messageId, attempts } = record;
  const cause = bug instanceof Error ? `bug: ${bug.name}` : 'bug';
  log({ stage: 'deliver', messageId, attempt: attempts, settled: 'kept', cause, outcomes: [] });
  return [messageId];
}

async function deliverRecord(
  record: BufferRecord,
  dependencies: SettleDependencies,
): Promise<readonly string[]> {
  const { messageId, attempts } = record;
  const delivery = await deliverWebhook(record.message, dependencies);
  const settled = await settle(record, delivery, dependencies);
  const { source, eventType, deduplicationId } = delivery.webhook ?? {};
  dependencies.record({
    stage: 'deliver',
    messageId,
    attempt: attempts,
    ...(source !== undefined && { source }),
    ...(eventType !== undefined && { eventType }),
    ...(deduplicationId !== undefined && { deduplicationId }),
    ...settled,
    outcomes: delivery.outcomes,
  });
  return settled.settled === 'kept' ? [messageId] : [];
}

/** The check at synth allows one event per event type, so at most one outcome is not delivered or skipped. */
async function settle(
  record: BufferRecord,
  { outcomes }: Delivery,
  dependencies: SettleDependencies,
): Promise<Settled> {
  const failed = outcomes.find(isFailed);
  if (failed === undefined) return { settled: 'done' };
  const now = dependencies.now();

  const isExhausted = now.getTime() - record.bufferedAt.getTime() > RETRY_BUDGET_SECONDS * 1000;
  if (failed.outcome === 'retry-later' && !isExhausted) {
    const seconds = nextDelaySeconds(record.attempts, dependencies.random(), failed.retryAfterSeconds);
    const hidden = await dependencies.hide(record.receiptHandle, seconds);
    return { settled: 'kept', ...(!hidden.ok && { cause: hidden.failure.cause }) };
  }

  const put = await dependencies.putInDeadLetters(record.message, writeNote(failed, record.attempts, now));
  return put.ok ? { settled: 'dead-lettered' } : { settled: 'kept', cause: put.failure.cause };
}

type Failed = Extract<EventOutcome, { outcome: 'retry-later' | 'dead-letter' }>;

function isFailed(outcome: EventOutcome): outcome is Failed {
  return outcome.outcome === 'retry-later' || outcome.outcome === 'dead-letter';
}

function writeNote(failed: Failed, attempts: number, now: Date): DeadLetterNote {
  const { event, answer } = failed;
  const reason =
    failed.outcome === 'dead-letter'
      ? { stage: failed.stage, code: failed.code, detail: failed.detail }
      : { stage: 'deliver' as const, code: 'retries-exhausted' as const, detail: failed.code };
  return {
    stage: reason.stage,
    code: reason.code,
    ...(reason.detail !== undefined && { detail: reason.detail }),
    ...(event !== undefined && { event }),
    ...(answer !== undefined && { answer }),
    attempts,
    deadLetteredAt: now.toISOString(),
  };
}
