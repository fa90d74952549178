import type { BufferedWebhook } from '../buffer/message.ts';
import type { DeadLetterCode, DeadLetterNote } from '../dead-letter/note.ts';
import type { SecretFailure } from '../secret.ts';
import type { AnswerFacts, RetryCode } from './event-api/verdict.ts';
import type { LedgerFailure } from './ledger/decision.ts';
import type { LedgerState } from './ledger/entry.ts';

/** Why an event is to be tried again. */
export type RetryLaterCode =
  | RetryCode
  | SecretFailure['code']
  | LedgerFailure['code']
  /** It may have been accepted, and its mapping says to repeat it all the same. */
  | 'unconfirmed'
  /** Another worker is at it, or it is not due yet. */
  | 'busy'
  /** No call is made for now: the vendor asked for a pause, no key works, or the endpoint fails. */
  | 'paused-throttled'
  | 'paused-credentials'
  | 'paused-endpoint'
  /** The function's time would not have sufficed, or its rate did not allow for it: it was not begun. */
  | 'not-begun'
  /** A bug: its name is in the log. */
  | 'internal-error'
  /** Its dead letter could not be written. */
  | 'dead-letter-unavailable';

/** What became of one event of a webhook this time. */
export type EventOutcome = {
  /** Calls so far, this time's included. */
  readonly attempts?: number;
  readonly answer?: AnswerFacts;
  /** What went wrong on the wire or at AWS: the name of an error, never its message. */
  readonly cause?: string;
  /** How long the call took. */
  readonly milliseconds?: number;
  /** Which of the two keys it was made with: when the other counts nothing any more, it can go. */
  readonly keyUsed?: 'primary' | 'secondary';
} & (
  | { readonly outcome: 'delivered'; readonly transactionId: string }
  | { readonly outcome: 'skipped'; readonly code: 'when-not-met' | 'no-items' }
  /** It had ended before: nothing was called. */
  | { readonly outcome: 'duplicate'; readonly code: `already-${LedgerState}` }
  /** Too old to be worth saying. */
  | { readonly outcome: 'expired'; readonly code: 'too-old' }
  | {
      readonly outcome: 'retry-later';
      readonly code: RetryLaterCode;
      /** Not sooner than after so many seconds. */
      readonly seconds: number;
    }
  | {
      readonly outcome: 'dead-letter';
      readonly stage: DeadLetterNote['stage'];
      readonly code: DeadLetterCode;
      readonly detail?: string;
    }
);

export type DeadLettered = Extract<EventOutcome, { outcome: 'dead-letter' }>;

/** Why a message cannot be worked on, with its webhook where there is one in it. */
export type Unopenable = { readonly webhook?: BufferedWebhook; readonly outcome: DeadLettered };

/** What a note says beside the reason. */
type NoteFacts = Omit<DeadLetterNote, 'stage' | 'code' | 'detail' | 'answer' | 'deadLetteredAt'>;

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
