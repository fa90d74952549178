import { BREAKER_LIMITS, type BreakerState, CLOSED, type Finding, learn, pause } from './breaker-state.ts';

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
