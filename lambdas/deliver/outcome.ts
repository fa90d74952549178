import type { BufferedWebhook } from '../buffer/message.ts';
import type { DeadLetterCode, DeadLetterFailure } from '../dead-letter/note.ts';
import type { SecretFailure } from '../secret.ts';
import type { AnswerFacts, Fault, RetryCode } from './event-api/verdict.ts';
import type { LedgerFailure, LedgerState } from './ledger/entry.ts';

/** What became of one event of a webhook this time. */
export type EventOutcome = {
  /** Calls so far, this time's included. */
  readonly attempts?: number;
  readonly answer?: AnswerFacts;
  /** What went wrong on the wire or at AWS: the name of an error, never its message. */
  readonly cause?: string;
  /** How long the call took. */
  readonly milliseconds?: number;
  /** The key that the call was made with: once no call needs the other, it can go. */
  readonly keyUsed?: 'primary' | 'secondary';
  /** Bugs beside what became of it, if there were any. */
  readonly faults?: readonly Fault[];
} & (
  | { readonly outcome: 'delivered'; readonly transactionId: string }
  | { readonly outcome: 'skipped'; readonly code: 'when-not-met' | 'no-items' }
  /** It had ended before, or an item before it in the same webhook is of the same fact: nothing was called. */
  | { readonly outcome: 'duplicate'; readonly code: `already-${LedgerState}` | 'repeated-item' }
  /** Older than the mapping's `max-age`. */
  | { readonly outcome: 'expired'; readonly code: 'too-old' }
  | {
      readonly outcome: 'retry-later';
      readonly code: RetryLaterCode;
      /** How long to wait at least. */
      readonly seconds: number;
    }
  | {
      readonly outcome: 'dead-letter';
      readonly stage: DeadLetterFailure['stage'];
      readonly code: DeadLetterCode;
      readonly detail?: string;
    }
);

export type RetryLater = Extract<EventOutcome, { outcome: 'retry-later' }>;
export type DeadLettered = Extract<EventOutcome, { outcome: 'dead-letter' }>;

/** Why an event is to be tried again. */
export type RetryLaterCode =
  | RetryCode
  | SecretFailure['code']
  | LedgerFailure['code']
  /** It may have been accepted, and its mapping says to repeat it all the same. */
  | 'unconfirmed'
  /** Another worker has it, or it is not due yet. */
  | 'busy'
  /** No call is made for now: the vendor asked for a pause, no key works, or the endpoint fails. */
  | 'paused-throttled'
  | 'paused-credentials'
  | 'paused-endpoint'
  /** A person has paused its source. */
  | 'paused-by-person'
  /** It was not begun: too little of the function's time was left, or of the worker's rate. */
  | 'not-begun'
  /** A bug: its name is in the log. */
  | 'internal-error'
  /** Its dead letter could not be written. */
  | 'dead-letter-unavailable';

/** Whether what one event waits for keeps all others of its worker waiting, too: then none of them is begun. */
export const PAUSES_ALL: Readonly<Record<RetryLaterCode, boolean>> = {
  'not-begun': true,
  'paused-throttled': true,
  'paused-credentials': true,
  'paused-endpoint': true,
  'paused-by-person': true,
  'secret-missing': true,
  'secret-invalid': true,
  'secret-unreadable': true,
  'ledger-unavailable': true,
  'dead-letter-unavailable': true,
  'webex-throttled': false,
  'webex-credentials-refused': false,
  'webex-wrong-endpoint': false,
  'webex-unreachable': false,
  'webex-unavailable': false,
  unconfirmed: false,
  busy: false,
  'internal-error': false,
};

/** Why a message cannot be opened, with its webhook where it could be read. */
export type Unopenable = { readonly webhook?: BufferedWebhook; readonly outcome: DeadLettered };
