import type { Attempt } from './attempt.ts';
import { readAnswer } from './read-answer.ts';
import { readRetryAfter } from './retry-after.ts';

/** What the answer said, for notes and logs: the HTTP status and the code in the body. */
export type AnswerFacts = { readonly status: number; readonly code?: string };

/** The codes of an attempt that is to be repeated: it was certainly not accepted. */
export type RetryCode = 'webex-throttled' | 'webex-credentials-refused' | 'webex-unreachable';

/** The codes of an attempt that no repetition would mend, or that only a person may repeat. */
type RefusalCode =
  | 'webex-invalid-json'
  | 'webex-mandatory-field-missing'
  | 'webex-no-recommendation'
  | 'webex-not-found'
  | 'webex-method-not-supported'
  | 'webex-refused'
  | 'webex-redirected'
  | 'unconfirmed';

/** The one judgement of an attempt. There is no fourth outcome. */
export type Verdict =
  | { readonly outcome: 'delivered'; readonly transactionId: string; readonly answer: AnswerFacts }
  | {
      readonly outcome: 'retry-later';
      readonly code: RetryCode;
      readonly answer?: AnswerFacts;
      /** What the vendor asked for, in seconds. */
      readonly retryAfterSeconds?: number;
    }
  | { readonly outcome: 'dead-letter'; readonly code: RefusalCode; readonly answer?: AnswerFacts };

type Meaning = RetryCode | RefusalCode;

/** The failure table of the contract, by the code in the body: it means the same under HTTP 200 and 500. */
const BY_BODY_CODE: Readonly<Record<string, Meaning>> = {
  1001: 'webex-invalid-json',
  1002: 'webex-mandatory-field-missing',
  1003: 'webex-no-recommendation',
  430: 'webex-credentials-refused',
  498: 'webex-credentials-refused',
  404: 'webex-not-found',
  405: 'webex-method-not-supported',
  429: 'webex-throttled',
  499: 'unconfirmed',
  500: 'unconfirmed',
  502: 'unconfirmed',
};

/** What the status alone means, when the body has no code that we know. */
function byStatus(status: number): Meaning {
  if (status === 401) return 'webex-credentials-refused';
  if (status === 404) return 'webex-not-found';
  if (status === 405) return 'webex-method-not-supported';
  if (status === 429) return 'webex-throttled';
  // 408 is a time-out and 499 the vendor's own "request failed": neither says that nothing was accepted.
  if (status === 408 || status === 499) return 'unconfirmed';
  if (status >= 300 && status < 400) return 'webex-redirected';
  if (status >= 400 && status < 500) return 'webex-refused';
  return 'unconfirmed';
}

const RETRIED: ReadonlySet<Meaning> = new Set<RetryCode>([
  'webex-throttled',
  'webex-credentials-refused',
  'webex-unreachable',
]);

/**
 * Judges an attempt: the body's code first, then the status. Delivered needs positive proof, a 2xx with a transaction
 * id and no failure code; what cannot be told apart is `unconfirmed`, which only a person may send again, since two
 * equal calls are two messages to a customer (design.md, "Decisions").
 */
export function classifyAttempt(attempt: Attempt, now: Date): Verdict {
  if (attempt.kind === 'not-sent') return { outcome: 'retry-later', code: 'webex-unreachable' };
  if (attempt.kind === 'no-answer') return { outcome: 'dead-letter', code: 'unconfirmed' };

  const { code, transactionId } = readAnswer(attempt.body);
  const answer = { status: attempt.status, ...(code !== undefined && { code }) };
  const isSuccess = attempt.status >= 200 && attempt.status < 300;
  if (isSuccess && transactionId !== undefined && code === undefined) {
    return { outcome: 'delivered', transactionId, answer };
  }

  const meaning = meaningOf(attempt.status, code, transactionId);
  if (!isRetried(meaning)) return { outcome: 'dead-letter', code: meaning, answer };
  const retryAfterSeconds = readRetryAfter(attempt.retryAfter, now);
  return {
    outcome: 'retry-later',
    code: meaning,
    answer,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

function meaningOf(status: number, code: string | undefined, transactionId: string | undefined): Meaning {
  // An id beside a failure code, or under a failure status, contradicts itself: perhaps it was accepted.
  if (transactionId !== undefined) return 'unconfirmed';
  const known = code !== undefined && Object.hasOwn(BY_BODY_CODE, code) ? BY_BODY_CODE[code] : undefined;
  return known ?? byStatus(status);
}

function isRetried(meaning: Meaning): meaning is RetryCode {
  return RETRIED.has(meaning);
}
