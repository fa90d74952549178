import type { DeadLetterNote } from '../dead-letter/dead-letter-note.ts';
import type { DeadLettered } from './event-outcome.ts';

/** What a note says beside the reason. */
export type NoteFacts = Omit<DeadLetterNote, 'stage' | 'code' | 'detail' | 'answer' | 'deadLetteredAt'>;

/** The note with which an event, or a message that cannot be opened, is dead-lettered. */
export function writeNote(
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
