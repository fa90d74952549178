import type { DeadLetterNote } from '../dead-letter/dead-letter-note.ts';
import type { EventOutcome } from './deliver-webhook.ts';

/** An event that was not delivered: not now, or never. */
export type Failed = Extract<EventOutcome, { outcome: 'retry-later' | 'dead-letter' }>;

/** The note with which an event is dead-lettered. One that was to be tried again has run out of time. */
export function writeNote(failed: Failed, attempts: number, now: Date): DeadLetterNote {
  const { event, item, answer } = failed;
  const reason =
    failed.outcome === 'dead-letter'
      ? { stage: failed.stage, code: failed.code, detail: failed.detail }
      : { stage: 'deliver' as const, code: 'retries-exhausted' as const, detail: failed.code };
  return {
    stage: reason.stage,
    code: reason.code,
    ...(reason.detail !== undefined && { detail: reason.detail }),
    ...(event !== undefined && { event }),
    ...(item !== undefined && { item }),
    ...(answer !== undefined && { answer }),
    attempts,
    deadLetteredAt: now.toISOString(),
  };
}
