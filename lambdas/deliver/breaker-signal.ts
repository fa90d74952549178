import type { Meaning } from './answer-meaning.ts';
import type { Verdict } from './classify-answer.ts';

/**
 * What an attempt says about the far side as a whole, rather than about its own event.
 * `accepted`: key and endpoint work. `none`: it says nothing either way.
 */
export type BreakerSignal = 'accepted' | 'throttled' | 'credentials-refused' | 'endpoint-failed' | 'none';

/** A code that only the application behind the door gives proves that key and endpoint work, whatever it refuses. */
const SIGNAL_OF: Readonly<Record<Meaning, BreakerSignal>> = {
  'webex-throttled': 'throttled',
  'webex-credentials-refused': 'credentials-refused',
  'webex-unreachable': 'endpoint-failed',
  'webex-wrong-endpoint': 'endpoint-failed',
  'webex-invalid-json': 'accepted',
  'webex-mandatory-field-missing': 'accepted',
  'webex-no-recommendation': 'accepted',
  'webex-not-found': 'endpoint-failed',
  'webex-method-not-supported': 'endpoint-failed',
  'webex-redirected': 'endpoint-failed',
  // A firewall refuses one body as it would any (webex-facts.md, 2.2.8): nobody has looked at the key.
  'webex-refused': 'none',
  unconfirmed: 'endpoint-failed',
};

/** What a verdict tells the breaker. */
export function signalOf(verdict: Verdict): BreakerSignal {
  return verdict.outcome === 'delivered' ? 'accepted' : SIGNAL_OF[verdict.code];
}

/** Whether the code of a refusal proves that key and endpoint work. */
export function provesFarSide(code: string): boolean {
  return Object.entries(SIGNAL_OF).some(([meaning, signal]) => meaning === code && signal === 'accepted');
}

/**
 * A single 404, 405 or redirect is the event's own dead letter. Once the endpoint keeps answering so, its address is
 * wrong for all of them alike: what was certainly refused for that reason then waits until somebody has mended it.
 * @param isOpen whether the breaker is open with this attempt counted
 */
export function keepWhileOpen(verdict: Verdict, isOpen: boolean): Verdict {
  if (!isOpen || verdict.outcome !== 'dead-letter' || signalOf(verdict) !== 'endpoint-failed') return verdict;
  return { outcome: 'retry-later', code: 'webex-wrong-endpoint', answer: verdict.answer };
}
