import { isDeadLetterCode } from '../dead-letter/dead-letter-note.ts';
import type { Mapped } from '../map/webhook.ts';
import type { DeadLettered, EventOutcome } from './event-outcome.ts';
import { type EventDependencies, type EventWork, tryLater } from './event-work.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { markDeadLettered } from './ledger-entry.ts';
import { writeSettled } from './settle-event.ts';
import { writeNote } from './write-note.ts';

/**
 * Dead-letters an event whose end is in the ledger already. If the dead letter cannot be written, the message stays on
 * the buffer, and the next to receive it finds an end without a dead letter. A mark that cannot be written costs a
 * second dead letter at worst, never one that is lost.
 */
export async function buryEvent(
  work: EventWork<Mapped>,
  entry: LedgerEntry,
  dependencies: EventDependencies,
): Promise<EventOutcome> {
  const { putInDeadLetters, now } = dependencies;
  const outcome = deadLetteredOf(entry);
  const put = await putInDeadLetters(work.record.message, writeNote(outcome, noteFacts(work, entry), now()));
  if (!put.ok) {
    return { ...tryLater(work, { code: 'dead-letter-unavailable' }, dependencies), ...put.failure };
  }
  const marked = await writeSettled(markDeadLettered(entry, now()), dependencies);
  return { ...outcome, ...(!marked.ok && { cause: marked.failure.code }) };
}

/** What may have been accepted is dead-lettered as that, whatever else is known: it is for a person to decide. */
function deadLetteredOf({
  code = 'unconfirmed',
  state,
  stage,
  detail,
  answer,
  attempts,
}: LedgerEntry): DeadLettered {
  const isUnconfirmed = state === 'unconfirmed' || !isDeadLetterCode(code);
  const why = isUnconfirmed && code !== 'unconfirmed' ? code : detail;
  return {
    outcome: 'dead-letter',
    stage: stage === 'map' ? 'map' : 'deliver',
    code: isUnconfirmed ? 'unconfirmed' : code,
    attempts,
    ...(why !== undefined && { detail: why }),
    ...(answer && { answer }),
  };
}

function noteFacts({ mapped, record }: EventWork<Mapped>, entry: LedgerEntry) {
  const { firstAttemptAt, lastAttemptAt, mappingVersion, webhookId, transactionId } = entry;
  return {
    event: mapped.name,
    ...(mapped.item !== undefined && { item: mapped.item }),
    attempts: entry.attempts,
    receives: record.attempts,
    mappingVersion,
    webhookId,
    ...(transactionId !== undefined && { transactionId }),
    ...(firstAttemptAt && { firstAttemptAt: firstAttemptAt.toISOString() }),
    ...(lastAttemptAt && { lastAttemptAt: lastAttemptAt.toISOString() }),
  };
}
