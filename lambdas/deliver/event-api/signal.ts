import type { Meaning, Verdict } from './verdict.ts';

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
