import * as z from 'zod/mini';
import { parseJson } from '../../result.ts';
import { readRetryAfter } from '../retry-schedule.ts';
import { maskDescription, type SentValues } from './mask.ts';

/** One call of the event API, and what came of it on the wire. */
export type Attempt =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** The `Retry-After` header as it came. */
      readonly retryAfter: string | undefined;
      /** The body as text, up to a limit. */
      readonly body: string;
    }
  /** The request certainly never reached Webex Campaign. */
  | { readonly kind: 'not-sent'; readonly cause: string }
  /** The request left, and no whole answer came: it may or may not have been accepted. */
  | { readonly kind: 'no-answer'; readonly cause: string };

type Answered = Extract<Attempt, { kind: 'answered' }>;

/** What the answer said: the HTTP status and the code in the body; for notes, what may be kept of its description. */
export type AnswerFacts = { readonly status: number; readonly code?: string; readonly description?: string };

/** What is known of an attempt that is not settled. */
type Unsettled = {
  readonly answer?: AnswerFacts;
  /** What went wrong on the wire, where there is no answer: an error code, never a message. Else what an unclear answer was. */
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

/** What a stage says about answers that differ from tenant to tenant. */
export type AnswerRules = {
  /** Names of the members of an answer that prove success, any one of them. */
  readonly successIdFields: readonly string[];
  /** What a 503 without `Retry-After` is: it may have been accepted, or it certainly was not. */
  readonly serviceUnavailable: 'unclear' | 'retry';
};

/**
 * Judges an attempt: the body's code first, then the status. Delivered needs positive proof, a 2xx with a success id
 * and no failure code; whatever is unclear is `unconfirmed`, since two equal calls are two messages to a customer
 * (design.md, "Decisions").
 */
export function classifyAttempt(attempt: Attempt, now: Date, rules = DEFAULT_ANSWER_RULES): Verdict {
  switch (attempt.kind) {
    case 'not-sent':
      return { outcome: 'retry-later', code: 'webex-unreachable', cause: attempt.cause };
    case 'no-answer':
      return { outcome: 'unconfirmed', code: 'unconfirmed', cause: attempt.cause };
    case 'answered':
      return classifyAnswer(attempt, now, rules);
  }
}

function classifyAnswer(attempt: Answered, now: Date, rules: AnswerRules): Verdict {
  const { code, transactionId } = readAnswer(attempt.body, rules.successIdFields);
  const answer = { status: attempt.status, ...(code !== undefined && { code }) };
  const isSuccess = attempt.status >= 200 && attempt.status < 300 && code === undefined;
  if (isSuccess && transactionId !== undefined) return { outcome: 'delivered', transactionId, answer };

  const retryAfterSeconds = readRetryAfter(attempt.retryAfter, now);
  const unsettled = { answer, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  if (transactionId !== undefined) {
    // An id beside a failure code, or under a failure status, is a contradiction: it may have been accepted.
    return { outcome: 'unconfirmed', code: 'unconfirmed', transactionId, ...unsettled };
  }
  const isTurnedAway = retryAfterSeconds !== undefined || rules.serviceUnavailable === 'retry';
  const meaning = meaningOf(attempt.status, code, isTurnedAway);
  if (meaning === 'unconfirmed')
    return { outcome: 'unconfirmed', code: meaning, cause: formOf(attempt.body), ...unsettled };
  if (isRetried(meaning)) return { outcome: 'retry-later', code: meaning, ...unsettled };
  return { outcome: 'dead-letter', code: meaning, answer };
}

/** What the body of an unclear answer was, for a person: a proxy in between answers HTML. */
function formOf(body: string): string {
  const text = body.trim();
  if (text === '') return 'answer-empty';
  if (text.startsWith('<')) return 'answer-html';
  return parseJson(text) === undefined ? 'answer-no-json' : 'answer-json';
}

function isRetried(meaning: RetryCode | RefusalCode): meaning is RetryCode {
  return OUTCOME_OF[meaning] === 'retry-later';
}

/** An attempt that is to be repeated: it was certainly not accepted. */
export type RetryCode =
  | 'webex-throttled'
  | 'webex-credentials-refused'
  | 'webex-unreachable'
  | 'webex-unavailable'
  | 'webex-wrong-endpoint';

/** An attempt that was certainly refused, and would be refused again. */
type RefusalCode =
  | 'webex-invalid-json'
  | 'webex-mandatory-field-missing'
  | 'webex-no-recommendation'
  | 'webex-not-found'
  | 'webex-method-not-supported'
  | 'webex-refused'
  | 'webex-redirected';

/** What an answer without proof of success means. `unconfirmed`: it may or may not have been accepted. */
type Meaning = RetryCode | RefusalCode | 'unconfirmed';

/** The failure table of the contract, by the code in the body: it means the same under every status. */
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

/** What a status alone means. 408 is a time-out and 499 the vendor's "request failed": neither says "not accepted". */
const BY_STATUS: Readonly<Record<number, Meaning>> = {
  401: 'webex-credentials-refused',
  404: 'webex-not-found',
  405: 'webex-method-not-supported',
  408: 'unconfirmed',
  429: 'webex-throttled',
  499: 'unconfirmed',
};

/** What any other status of a class means; a class that is missing here means unconfirmed. */
const BY_STATUS_CLASS: Readonly<Record<number, Meaning>> = { 3: 'webex-redirected', 4: 'webex-refused' };

/**
 * What an answer without proof of success means: by the code in its body first, then by its status. A 503 with
 * `Retry-After` comes from a server that takes no requests for a while (RFC 9110, 15.6.4). Without it the contract does not
 * know it, and a gateway answers it both when it never passed a request on and when the server behind it gave up in the
 * middle.
 * @param isTurnedAway whether a 503 says that the request was not accepted
 */
function meaningOf(status: number, code: string | undefined, isTurnedAway: boolean): Meaning {
  const byCode = code === undefined ? undefined : BY_BODY_CODE[code];
  const byStatus = status === 503 && isTurnedAway ? 'webex-unavailable' : BY_STATUS[status];
  return byCode ?? byStatus ?? BY_STATUS_CLASS[Math.floor(status / 100)] ?? 'unconfirmed';
}

/** What becomes of an attempt by its meaning. */
const OUTCOME_OF = {
  'webex-throttled': 'retry-later',
  'webex-credentials-refused': 'retry-later',
  'webex-unreachable': 'retry-later',
  'webex-unavailable': 'retry-later',
  'webex-wrong-endpoint': 'retry-later',
  'webex-invalid-json': 'dead-letter',
  'webex-mandatory-field-missing': 'dead-letter',
  'webex-no-recommendation': 'dead-letter',
  'webex-not-found': 'dead-letter',
  'webex-method-not-supported': 'dead-letter',
  'webex-refused': 'dead-letter',
  'webex-redirected': 'dead-letter',
  unconfirmed: 'unconfirmed',
} as const satisfies Readonly<Record<Meaning, 'retry-later' | 'dead-letter' | 'unconfirmed'>>;

/** What the body of an answer says; nothing where it is not a JSON object of the known shape. */
type AnswerBody = {
  /** The failure code as text, whether it came as a number or as text (webex-facts.md, 2.2.2). */
  readonly code?: string;
  /** Proof that the event was accepted for processing. */
  readonly transactionId?: string;
};

/** The rules of a stage without settings. The vendor's sibling API documents the success id (webex-facts.md, 2.1). */
export const DEFAULT_ANSWER_RULES: AnswerRules = {
  successIdFields: ['transaction-id'],
  serviceUnavailable: 'unclear',
};

/** Stands for a code that cannot be one of the vendor's. It is not quoted, as it may be a value of the customer's. */
const UNREADABLE_CODE = 'unreadable';

/** Flat, and open: the vendor may add members. */
const answerSchema = z.record(z.string(), z.unknown());

/**
 * Reads an answer's body. An empty one, HTML, or anything unknown says nothing.
 * @param successIdFields names of the members that prove success, any one of them
 */
export function readAnswer(text: string, successIdFields: readonly string[]): AnswerBody {
  const parsed = answerSchema.safeParse(parseJson(text));
  if (!parsed.success) return {};
  const { data } = parsed;
  const code = readCode(data.code);
  const transactionId = successIdFields.map((field) => readId(data[field])).find((id) => id !== undefined);
  return { ...(code !== undefined && { code }), ...(transactionId !== undefined && { transactionId }) };
}

/** A blank code is none. A code of an undocumented kind is a code all the same: it denies success. */
function readCode(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text =
    typeof value === 'string' || typeof value === 'number' ? String(value).trim() : UNREADABLE_CODE;
  if (text === '') return undefined;
  return /^\d{1,6}$/.test(text) ? text : UNREADABLE_CODE;
}

/** Text that is not blank. The word "null" is no id either: the vendor's systems write it for what is missing. */
function readId(value: unknown): string | undefined {
  const id = typeof value === 'string' ? value.trim() : '';
  return id === '' || id.toLowerCase() === 'null' ? undefined : id;
}

/**
 * A verdict with the vendor's own words about the failure, as far as they may be kept: for the ledger and the note, never
 * for the log.
 */
export function quoteAnswer(verdict: Verdict, attempt: Attempt, sent: SentValues): Verdict {
  if (verdict.outcome === 'delivered' || verdict.answer === undefined || attempt.kind !== 'answered') {
    return verdict;
  }
  const description = readDescription(attempt.body);
  if (description === undefined) return verdict;
  const masked = maskDescription(description, sent);
  return masked === '' ? verdict : { ...verdict, answer: { ...verdict.answer, description: masked } };
}

/** The vendor's words about a failure. They may quote the customer, so nothing of them is kept unmasked. */
function readDescription(text: string): string | undefined {
  const { description } = answerSchema.safeParse(parseJson(text)).data ?? {};
  return typeof description === 'string' ? description : undefined;
}

/**
 * What an attempt says about Webex Campaign as a whole, rather than about its own event.
 * `accepted`: key and endpoint work. `answered`: the endpoint does, and looked at the fields alone. `none`: it says nothing
 * either way.
 */
export type BreakerSignal =
  | 'accepted'
  | 'answered'
  | 'throttled'
  | 'credentials-refused'
  | 'endpoint-failed'
  | 'none';

/** What a probe says. `healthy`: it was refused for its missing fields, as it has to be. `unknown`: none of the others. */
export type ProbeSignal = 'healthy' | 'throttled' | 'credentials-refused' | 'outage' | 'unknown';

/** Fields may be checked in front of a back end that is broken, and before the key: their refusal proves neither. */
const SIGNAL_OF: Readonly<Record<Meaning, BreakerSignal>> = {
  'webex-throttled': 'throttled',
  'webex-credentials-refused': 'credentials-refused',
  'webex-unreachable': 'endpoint-failed',
  'webex-unavailable': 'endpoint-failed',
  'webex-wrong-endpoint': 'endpoint-failed',
  'webex-invalid-json': 'answered',
  'webex-mandatory-field-missing': 'answered',
  'webex-no-recommendation': 'accepted',
  'webex-not-found': 'endpoint-failed',
  'webex-method-not-supported': 'endpoint-failed',
  'webex-redirected': 'endpoint-failed',
  // A firewall may have refused the body (webex-facts.md, 2.2.8): then the key was never looked at.
  'webex-refused': 'none',
  unconfirmed: 'endpoint-failed',
};

/** What a verdict tells the breaker. */
export function signalOf(verdict: Verdict): BreakerSignal {
  return verdict.outcome === 'delivered' ? 'accepted' : SIGNAL_OF[verdict.code];
}

/** Whether the code of a refusal proves that key and endpoint work. */
export function provesKeyAndEndpoint(code: string): boolean {
  const signals: Readonly<Record<string, BreakerSignal>> = SIGNAL_OF;
  return signals[code] === 'accepted';
}

/**
 * A single 404, 405 or redirect dead-letters its event. Once the endpoint keeps answering so, its address is wrong for
 * all events: those that were certainly refused for that reason then wait until a person has corrected it.
 * @param isOpen whether the breaker is open with this attempt counted
 */
export function keepWhileOpen(verdict: Verdict, isOpen: boolean): Verdict {
  if (!isOpen || verdict.outcome !== 'dead-letter' || signalOf(verdict) !== 'endpoint-failed') return verdict;
  return { outcome: 'retry-later', code: 'webex-wrong-endpoint', answer: verdict.answer };
}

/** The body of a call that can message nobody: it names no event and no recipient. */
export const PROBE_PAYLOAD = '{}';

/** A failure on the vendor's side, whatever the HTTP status that carries it (webex-facts.md, 2.2.4). */
const SERVER_ERROR = /^5\d\d$/;

/**
 * Judges the answer to a probe. Webex Campaign has to refuse it for its missing fields (1002, or 1001 where it reads an empty
 * object as no JSON); no answer, a 5xx or a code of that kind is an outage. Anything else, such as a firewall's page, says
 * nothing.
 */
export function judgeProbe(verdict: Verdict): ProbeSignal {
  const signal = signalOf(verdict);
  if (signal === 'answered') return 'healthy';
  if (signal === 'throttled' || signal === 'credentials-refused') return signal;
  const { status = 500, code = '' } = verdict.answer ?? {};
  return status >= 500 || SERVER_ERROR.test(code) ? 'outage' : 'unknown';
}

/** What can fail beside the verdict of a call. Each is a bug. */
type FaultCode =
  | 'answer-not-judged'
  | 'answer-not-quoted'
  | 'keys-not-updated'
  | 'breaker-not-updated'
  | 'history-not-kept'
  | 'line-not-formatted';

/** A bug beside a call whose verdict stands: `cause` is the name of its error, never the message. */
export type Fault = { readonly code: FaultCode; readonly cause: string };

/** The fault that an error stands for. */
export function faultOf(code: FaultCode, bug: unknown): Fault {
  return { code, cause: bug instanceof Error ? bug.name : 'unknown' };
}

/**
 * Does what must not keep a verdict from being settled. If it throws, the value from before stands, and the fault is
 * added to those that are logged and counted with the event.
 */
export function beside<Value>(
  code: FaultCode,
  { faults, before }: { readonly faults: Fault[]; readonly before: Value },
  work: () => Value,
): Value {
  try {
    return work();
  } catch (bug) {
    faults.push(faultOf(code, bug));
    return before;
  }
}
