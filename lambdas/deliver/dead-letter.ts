import { type DeadLetterNote, isDeadLetterCode } from '../dead-letter/note.ts';
import type { Mapped } from '../map/webhook.ts';
import { writeSettled } from './ledger/decision.ts';
import { type LedgerEntry, markDeadLettered } from './ledger/entry.ts';
import type { DeadLettered, EventOutcome } from './outcome.ts';
import { type EventDependencies, type EventWork, tryLater } from './work.ts';

/**
 * Dead-letters an event whose end is already in the ledger. If the dead letter cannot be written, the message stays on
 * the buffer, and its next receiver finds an end without a dead letter. If only the mark in the ledger cannot be written,
 * the dead letter is written twice at worst, and never lost.
 */
export async function deadLetterEvent(
  work: EventWork<Mapped>,
  entry: LedgerEntry,
  dependencies: EventDependencies,
): Promise<EventOutcome> {
  const { putDeadLetter, now } = dependencies;
  const outcome = deadLetteredOf(entry);
  const put = await putDeadLetter(work.record.message, noteOf(outcome, noteFacts(work, entry), now()));
  if (!put.ok) {
    return { ...tryLater(work, { code: 'dead-letter-unavailable' }, dependencies), ...put.failure };
  }
  const marked = await writeSettled(markDeadLettered(entry, now()), dependencies);
  return { ...outcome, ...(!marked.ok && { cause: marked.failure.code }) };
}

/** What may have been accepted is dead-lettered as unconfirmed, whatever else is known: a person decides. */
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

function noteFacts({ mapped, record }: EventWork<Mapped>, entry: LedgerEntry): NoteFacts {
  const { firstAttemptAt, lastAttemptAt, mappingVersion, webhookId, transactionId } = entry;
  return {
    event: mapped.name,
    ...(mapped.item !== undefined && { item: mapped.item }),
    attempts: entry.attempts,
    receives: record.receives,
    mappingVersion,
    webhookId,
    ...(transactionId !== undefined && { transactionId }),
    ...(firstAttemptAt && { firstAttemptAt: firstAttemptAt.toISOString() }),
    ...(lastAttemptAt && { lastAttemptAt: lastAttemptAt.toISOString() }),
  };
}

/** What a note says beside the reason. */
type NoteFacts = Omit<DeadLetterNote, 'stage' | 'code' | 'detail' | 'answer' | 'deadLetteredAt'>;

/** The note with which an event, or a message that cannot be opened, is dead-lettered. */
export function noteOf(
  { stage, code, detail, answer }: DeadLettered,
  facts: NoteFacts,
  now: Date,
): DeadLetterNote {
  return {
    stage,
    code,
    ...(detail !== undefined && { detail }),
    ...facts,
    ...(answer !== undefined && { answer }),
    deadLetteredAt: now.toISOString(),
  };
}
