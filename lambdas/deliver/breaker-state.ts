import type { BreakerSignal } from './breaker-signal.ts';

/** The numbers of the breaker; times in milliseconds. */
export const BREAKER_LIMITS = {
  /** After so many attempts in a row that say so, the endpoint counts as failing. */
  endpointFailures: 5,
  /** While the breaker is open, one attempt in so long finds out whether all is well again. */
  probeEvery: 60_000,
  /** The pause after a 429 without a hint; twice as long after each further one, up to the longest. */
  firstPause: 2_000,
  longestPause: 60_000,
} as const;

/** What a worker's breaker knows of the far side. Times are milliseconds. */
export type BreakerState = {
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

export const CLOSED: BreakerState = {
  opening: undefined,
  openings: 0,
  failures: 0,
  throttledUntil: Number.NEGATIVE_INFINITY,
  pauses: 0,
};

/** What an attempt came to. */
export type Finding = {
  readonly signal: BreakerSignal;
  /** What the vendor asked for, in seconds. */
  readonly retryAfterSeconds?: number | undefined;
  readonly begunAt: number;
  readonly now: number;
};

/** What the breaker knows after an attempt. */
export function learn(state: BreakerState, finding: Finding): BreakerState {
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
export function pause(state: BreakerState, { retryAfterSeconds = 0, begunAt, now }: Finding): BreakerState {
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
