import type { Meaning, Verdict } from './verdict.ts';

/** Permission to make one attempt, begun now. */
export type Permit = {
  readonly kind: 'go';
  /** Whether the breaker is open, and this attempt finds out whether it may close. */
  readonly isProbe: boolean;
  readonly begunAt: number;
  readonly openings: number;
};

/** Nothing may be sent for so many milliseconds: until the vendor's hint is over, or the next probe is due. */
export type Pause = {
  readonly kind: 'pause';
  readonly reason: 'throttled' | 'credentials' | 'endpoint';
  readonly milliseconds: number;
};

/** One worker's breaker. Every `now` is in milliseconds, of a clock that never goes back. */
export type Breaker = {
  /** The pause that holds now, if any. Takes no permit. */
  readonly currentPause: (now: number) => Pause | undefined;
  /** Asks to make an attempt. While the breaker is open, only a probe may, once a minute. */
  readonly permit: (now: number) => Permit | Pause;
  /** Gives an unused permit back: there was no key, say. A probe's turn goes to the next who asks. */
  readonly giveBack: (permit: Permit) => void;
  /** Records what an attempt came to. */
  readonly record: (
    permit: Permit,
    finding: Pick<Finding, 'signal' | 'retryAfterSeconds'>,
    now: number,
  ) => void;
  /** Whether no key works, or the endpoint fails. Throttling does not open the breaker. */
  readonly isOpen: () => boolean;
};

/**
 * A breaker for all three reasons not to send: throttled, credentials refused, endpoint failing. A probe's minute counts
 * from the probe's start, so another probe follows even if the first never ends.
 */
export function createBreaker(): Breaker {
  let state = CLOSED;
  return {
    currentPause: (now) => pauseOf(state, now),
    permit: (now) => {
      const pause = pauseOf(state, now);
      if (pause !== undefined) return pause;
      const isProbe = state.opening !== undefined;
      state = withProbeAt(state, now + BREAKER_LIMITS.probeEvery);
      return { kind: 'go', isProbe, begunAt: now, openings: state.openings };
    },
    giveBack: (permit) => {
      const isLatestProbe = state.opening?.nextProbeAt === permit.begunAt + BREAKER_LIMITS.probeEvery;
      if (permit.isProbe && isLatestProbe) state = withProbeAt(state, permit.begunAt);
    },
    record: ({ begunAt, openings }, found, now) => {
      const finding = { ...found, begunAt, now };
      const isOutOfDate = openings < state.openings;
      if (!isOutOfDate) state = learn(state, finding);
      // A request to slow down always counts.
      else if (found.signal === 'throttled') state = throttle(state, finding);
    },
    isOpen: () => state.opening !== undefined,
  };
}

function pauseOf({ opening, throttledUntil }: BreakerState, now: number): Pause | undefined {
  if (opening !== undefined && opening.nextProbeAt > Math.max(now, throttledUntil)) {
    return { kind: 'pause', reason: opening.reason, milliseconds: opening.nextProbeAt - now };
  }
  if (throttledUntil <= now) return undefined;
  return { kind: 'pause', reason: 'throttled', milliseconds: throttledUntil - now };
}

function withProbeAt(state: BreakerState, nextProbeAt: number): BreakerState {
  return state.opening === undefined ? state : { ...state, opening: { ...state.opening, nextProbeAt } };
}

/** The numbers of the breaker; times in milliseconds. */
const BREAKER_LIMITS = {
  /** The endpoint counts as failing after so many failed attempts in a row. */
  endpointFailures: 5,
  /** While the breaker is open, how often one attempt probes whether all is well again. */
  probeEvery: 60_000,
  /** The pause after a 429 without a hint; twice as long after each further one, up to the longest. */
  firstPause: 2_000,
  longestPause: 60_000,
} as const;

/** What a worker's breaker knows of Webex Campaign. Times are milliseconds. */
type BreakerState = {
  /** Set while the breaker is open: only probes are sent until a key works, or the endpoint answers. */
  readonly opening: { readonly reason: 'credentials' | 'endpoint'; readonly nextProbeAt: number } | undefined;
  /** How often it has been opened. An attempt from before the last opening is out of date. */
  readonly openings: number;
  /** Attempts in a row for which the endpoint failed. */
  readonly failures: number;
  /** Nothing is sent before: the vendor asked for that. It holds beside an opening, and outlasts a success. */
  readonly throttledUntil: number;
  /** Throttled pauses in a row, each attempt begun after the pause before it was over. */
  readonly pauses: number;
};

const CLOSED: BreakerState = {
  opening: undefined,
  openings: 0,
  failures: 0,
  throttledUntil: Number.NEGATIVE_INFINITY,
  pauses: 0,
};

/** What an attempt came to. */
type Finding = {
  readonly signal: BreakerSignal;
  /** What the vendor asked for, in seconds. */
  readonly retryAfterSeconds?: number | undefined;
  readonly begunAt: number;
  readonly now: number;
};

/** What the breaker knows after an attempt. */
function learn(state: BreakerState, finding: Finding): BreakerState {
  const { signal, begunAt, now } = finding;
  switch (signal) {
    case 'accepted':
      return {
        ...state,
        opening: undefined,
        failures: 0,
        pauses: begunAt >= state.throttledUntil ? 0 : state.pauses,
      };
    case 'throttled':
      // A throttling endpoint answers, so it works; that says nothing about the key.
      return throttle(
        {
          ...state,
          opening: state.opening?.reason === 'endpoint' ? undefined : state.opening,
          failures: 0,
        },
        finding,
      );
    case 'credentials-refused':
      return open({ ...state, failures: 0 }, 'credentials', now);
    case 'endpoint-failed': {
      const failures = state.failures + 1;
      const failed = { ...state, failures };
      return failures >= BREAKER_LIMITS.endpointFailures ? open(failed, 'endpoint', now) : failed;
    }
    case 'none':
      return state;
  }
}

/** Pauses for as long as the vendor asks; without a hint (or with one of 0 s), longer from pause to pause. */
function throttle(state: BreakerState, { retryAfterSeconds = 0, begunAt, now }: Finding): BreakerState {
  // Attempts made side by side are refused together: that is one pause, not several.
  const pauses = begunAt >= state.throttledUntil ? state.pauses + 1 : state.pauses;
  const { firstPause, longestPause } = BREAKER_LIMITS;
  const backoff = Math.min(longestPause, firstPause * 2 ** (pauses - 1));
  const milliseconds = retryAfterSeconds > 0 ? retryAfterSeconds * 1000 : backoff;
  return { ...state, pauses, throttledUntil: Math.max(state.throttledUntil, now + milliseconds) };
}

/** Opens the breaker. One that is open keeps its probe's time, and refused credentials as its reason. */
function open(state: BreakerState, reason: 'credentials' | 'endpoint', now: number): BreakerState {
  const { opening, openings } = state;
  if (opening === undefined) {
    const nextProbeAt = now + BREAKER_LIMITS.probeEvery;
    return { ...state, openings: openings + 1, opening: { reason, nextProbeAt } };
  }
  return reason === 'credentials' ? { ...state, opening: { ...opening, reason } } : state;
}

/**
 * What an attempt says about Webex Campaign as a whole, rather than about its own event.
 * `accepted`: key and endpoint work. `none`: it says nothing either way.
 */
export type BreakerSignal = 'accepted' | 'throttled' | 'credentials-refused' | 'endpoint-failed' | 'none';

/** Codes that only the application behind the endpoint gives prove that key and endpoint work, whatever they refuse. */
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
  return Object.entries(SIGNAL_OF).some(([meaning, signal]) => meaning === code && signal === 'accepted');
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
