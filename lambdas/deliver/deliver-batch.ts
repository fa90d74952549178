import { type DeliverDependencies, deliverWebhook, type Fate } from './deliver-webhook.ts';
import { describeBug } from './describe-outcome.ts';
import type { BufferRecord } from './event-work.ts';

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
  log(describeBug(record, bug, now()));
  return 'kept';
}
