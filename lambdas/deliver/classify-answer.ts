import { meaningOf, OUTCOME_OF, type RefusalCode, type RetryCode } from './answer-meaning.ts';
import type { Attempt } from './attempt.ts';
import { readAnswer, SUCCESS_ID_FIELDS } from './read-answer.ts';
import { readRetryAfter } from './retry-after.ts';

/** What the answer said: the HTTP status and the code in the body; for notes, what may be kept of its description. */
export type AnswerFacts = { readonly status: number; readonly code?: string; readonly description?: string };

/** What is known of an attempt that is not settled. */
type Unsettled = {
  readonly answer?: AnswerFacts;
  /** What went wrong on the wire, where there is no answer: an error code, never a message. */
  readonly cause?: string;
  /** What the vendor asked for, in seconds. */
  readonly retryAfterSeconds?: number;
  /** Where the answer contradicts itself, the id that Webex Campaign can be asked about. */
  readonly transactionId?: string;
};

/** Accepted for processing, with proof. */
type Delivered = {
  readonly outcome: 'delivered';
  readonly transactionId: string;
  readonly answer: AnswerFacts;
};

/**
 * The one judgement of an attempt. `retry-later` was certainly not accepted, `dead-letter` certainly refused;
 * `unconfirmed` may have been accepted, and the mapping's `on-unconfirmed` makes one of the other two of it.
 */
export type Verdict =
  | Delivered
  | ({ readonly outcome: 'retry-later'; readonly code: RetryCode } & Unsettled)
  | { readonly outcome: 'dead-letter'; readonly code: RefusalCode; readonly answer: AnswerFacts }
  | ({ readonly outcome: 'unconfirmed'; readonly code: 'unconfirmed' } & Unsettled);

type Answered = Extract<Attempt, { kind: 'answered' }>;

/**
 * Judges an attempt: the body's code first, then the status. Delivered needs positive proof, a 2xx with a success id
 * and no failure code; what cannot be told apart is `unconfirmed`, since two equal calls are two messages to a customer
 * (design.md, "Decisions").
 * @param successIdFields names of the members of an answer that prove success
 */
export function classifyAttempt(attempt: Attempt, now: Date, successIdFields = SUCCESS_ID_FIELDS): Verdict {
  switch (attempt.kind) {
    case 'not-sent':
      return { outcome: 'retry-later', code: 'webex-unreachable', cause: attempt.cause };
    case 'no-answer':
      return { outcome: 'unconfirmed', code: 'unconfirmed', cause: attempt.cause };
    case 'answered':
      return classifyAnswer(attempt, now, successIdFields);
  }
}

function classifyAnswer(attempt: Answered, now: Date, successIdFields: readonly string[]): Verdict {
  const { code, transactionId } = readAnswer(attempt.body, successIdFields);
  const answer = { status: attempt.status, ...(code !== undefined && { code }) };
  const retryAfterSeconds = readRetryAfter(attempt.retryAfter, now);
  const unsettled = { answer, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };

  if (transactionId !== undefined) {
    const isSuccess = attempt.status >= 200 && attempt.status < 300 && code === undefined;
    // An id beside a failure code, or under a failure status, contradicts itself: perhaps it was accepted.
    if (!isSuccess) return { outcome: 'unconfirmed', code: 'unconfirmed', transactionId, ...unsettled };
    return { outcome: 'delivered', transactionId, answer };
  }
  const meaning = meaningOf(attempt.status, code);
  if (meaning === 'unconfirmed') return { outcome: 'unconfirmed', code: meaning, ...unsettled };
  if (isRetried(meaning)) return { outcome: 'retry-later', code: meaning, ...unsettled };
  return { outcome: 'dead-letter', code: meaning, answer };
}

function isRetried(meaning: RetryCode | RefusalCode): meaning is RetryCode {
  return OUTCOME_OF[meaning] === 'retry-later';
}
