import type { EventOutcome } from './deliver-webhook.ts';
import type { BufferRecord } from './read-records.ts';
import { type Work, type WorkDependencies, workThrough } from './work-through.ts';

/** What is logged of a message: codes, counts and ids, never a value of the payload. */
export type DeliverLine = {
  readonly stage: 'deliver';
  readonly messageId: string;
  readonly attempt: number;
  readonly source?: string;
  readonly eventTypes?: readonly string[];
  readonly deduplicationId?: string;
  readonly settled: Work['settled'];
  readonly cause?: string;
  readonly outcomes: readonly EventOutcome[];
};

export type BatchDependencies = WorkDependencies & { readonly record: (line: DeliverLine) => void };

/**
 * Works on the records of a batch, at the same time and each for itself: one webhook's outcome never touches another's.
 * Returns the ids of the messages that stay on the buffer.
 */
export async function deliverBatch(
  records: readonly BufferRecord[],
  dependencies: BatchDependencies,
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
  { record: log }: BatchDependencies,
): readonly string[] {
  const { messageId, attempts } = record;
  const cause = bug instanceof Error ? `bug: ${bug.name}` : 'bug';
  log({ stage: 'deliver', messageId, attempt: attempts, settled: 'kept', cause, outcomes: [] });
  return [messageId];
}

async function deliverRecord(
  record: BufferRecord,
  dependencies: BatchDependencies,
): Promise<readonly string[]> {
  const { messageId, attempts } = record;
  const { webhook, ...work } = await workThrough(record, dependencies);
  dependencies.record({
    stage: 'deliver',
    messageId,
    attempt: attempts,
    ...(webhook && {
      source: webhook.source,
      eventTypes: webhook.eventTypes,
      deduplicationId: webhook.deduplicationId,
    }),
    ...work,
  });
  return work.settled === 'kept' ? [messageId] : [];
}
