import type { Meaning, Verdict } from './verdict.ts';

/** Leave to make one attempt, begun now. */
export type Permit = {
  readonly kind: 'go';
  /** Whether the breaker is open, and this attempt is to find out. */
  readonly isProbe: boolean;
  readonly begunAt: number;
  readonly openings: number;
};

/** Nothing may be sent for so many milliseconds: until the vendor's hint, or the next probe's time. */
export type Hold = {
  readonly kind: 'wait';
  readonly reason: 'throttled' | 'credentials' | 'endpoint';
  readonly milliseconds: number;
};

/** One worker's breaker. Every `now` is in milliseconds, of a clock that does not go back. */
export type Breaker = {
  /** Whether nothing may be sent now, without asking for leave. */
  readonly hold: (now: number) => Hold | undefined;
  /** Asks for leave to make an attempt. While the breaker is open, only a probe gets it, once a minute. */
  readonly permit: (now: number) => Permit | Hold;
  /** Gives leave back that was not used: the event was a duplicate, say. A probe's turn goes to the next who asks. */
  readonly giveBack: (permit: Permit) => void;
  /** Tells what an attempt came to. */
  readonly record: (
    permit: Permit,
    finding: Pick<Finding, 'signal' | 'retryAfterSeconds'>,
    now: number,
  ) => void;
  /** Whether no key works, or the endpoint fails. A throttled breaker is not open. */
  readonly isOpen: () => boolean;
};

/**
 * A breaker for all three reasons not to send: throttled, credentials refused, endpoint failing. A probe's minute counts
 * from its start, so whatever becomes of a probe, even nothing at all, another one follows.
 */
export function createBreaker(): Breaker {
  let state = CLOSED;
  return {
    hold: (now) => holdOf(state, now),
    permit: (now) => {
      const hold = holdOf(state, now);
      if (hold !== undefined) return hold;
      const isProbe = state.opening !== undefined;
      state = withProbeAt(state, now + BREAKER_LIMITS.probeEvery);
      return { kind: 'go', isProbe, begunAt: now, openings: state.openings };
    },
    giveBack: (permit) => {
      const isLatestProbe = state.opening?.nextProbeAt === permit.begunAt + BREAKER_LIMITS.probeEvery;
      if (permit.isProbe && isLatestProbe) state = withProbeAt(state, permit.begunAt);
    },
    record: ({ begunAt, openings }, said, now) => {
      const finding = { ...said, begunAt, now };
      const isOutOfDate = openings < state.openings;
      if (!isOutOfDate) state = learn(state, finding);
      // A vendor that asks for time is heard whenever it says so.
      else if (said.signal === 'throttled') state = pause(state, finding);
    },
    isOpen: () => state.opening !== undefined,
  };
}

function holdOf({ opening, throttledUntil }: BreakerState, now: number): Hold | undefined {
  if (opening !== undefined && opening.nextProbeAt > Math.max(now, throttledUntil)) {
    return { kind: 'wait', reason: opening.reason, milliseconds: opening.nextProbeAt - now };
  }
  if (throttledUntil <= now) return undefined;
  return { kind: 'wait', reason: 'throttled', milliseconds: throttledUntil - now };
}

function withProbeAt(state: BreakerState, nextProbeAt: number): BreakerState {
  return state.opening === undefined ? state : { ...state, opening: { ...state.opening, nextProbeAt } };
}

/** The numbers of the breaker; times in milliseconds. */
const BREAKER_LIMITS = {
  /** After so many attempts in a row that say so, the endpoint counts as failing. */
  endpointFailures: 5,
  /** While the breaker is open, one attempt in so long finds out whether all is well again. */
  probeEvery: 60_000,
  /** The pause after a 429 without a hint; twice as long after each further one, up to the longest. */
  firstPause: 2_000,
  longestPause: 60_000,
} as const;

/** What a worker's breaker knows of Webex Campaign. Times are milliseconds. */
type BreakerState = {
  /** Set while it is open: nothing but a probe is sent until a key works, or the endpoint answers. */
  readonly opening: { readonly reason: 'credentials' | 'endpoint'; readonly nextProbeAt: number } | undefined;
  /** How often it has been opened: what an attempt from before the last time says is out of date. */
  readonly openings: number;
  /** Attempts in a row that say the endpoint fails. */
  readonly failures: number;
  /** Nothing is sent before: the vendor has said so. It stands beside an opening, and outlasts a success. */
  readonly throttledUntil: number;
  /** Pauses in a row after a 429, each one's attempt begun after the one before was over. */
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
      // Who throttles answers, so the endpoint is well; whether the key is, nobody has said.
      return pause(
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

/** Waits as the vendor asks; without a hint (or with one of no time at all) longer from pause to pause. */
function pause(state: BreakerState, { retryAfterSeconds = 0, begunAt, now }: Finding): BreakerState {
  // Attempts that were made side by side are refused together: that is one pause, not several.
  const pauses = begunAt >= state.throttledUntil ? state.pauses + 1 : state.pauses;
  const { firstPause, longestPause } = BREAKER_LIMITS;
  const backoff = Math.min(longestPause, firstPause * 2 ** (pauses - 1));
  const milliseconds = retryAfterSeconds > 0 ? retryAfterSeconds * 1000 : backoff;
  return { ...state, pauses, throttledUntil: Math.max(state.throttledUntil, now + milliseconds) };
}

/** Opens it. Where it is open already, the probes keep their time; a refused key is not forgotten for a failure. */
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

/** A code that only the application behind the endpoint gives proves that key and endpoint work, whatever it refuses. */
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
