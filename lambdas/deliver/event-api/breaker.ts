import type { BreakerSignal, ProbeSignal } from './verdict.ts';

/** Permission to make one attempt, begun now. */
export type Permit = {
  readonly kind: 'go';
  /** Whether the breaker is open, and this attempt finds out whether it may close. */
  readonly isProbe: boolean;
  readonly begunAt: number;
  readonly openings: number;
  /** How often the endpoint had proved by then that it answers. */
  readonly proofs: number;
};

/** The turn to send a probe: a call that can message nobody. */
export type ProbeTurn = { readonly kind: 'probe'; readonly begunAt: number; readonly openings: number };

/** Nothing may be sent for so many milliseconds: until the vendor's hint is over, or the next probe is due. */
export type Pause = {
  readonly kind: 'pause';
  readonly reason: 'throttled' | 'credentials' | 'endpoint';
  readonly milliseconds: number;
};

/** As many attempts as may fail before the breaker opens are under way without an answer: wait until one of them ends. */
type Crowded = { readonly kind: 'crowded' };

/** What an open breaker probes with: a call that can message nobody, or the next event. */
export type ProbeWith = 'call' | 'event';

/** One worker's breaker. Every `now` is in milliseconds, of a clock that never goes back. */
export type Breaker = {
  /** The pause that holds now, if any. Takes no permit. */
  readonly currentPause: (now: number) => Pause | undefined;
  /** Takes the turn to send a probe, if one is due. */
  readonly takeProbe: (now: number) => ProbeTurn | undefined;
  /**
   * Records what a probe came to. If it found the endpoint healthy, the next attempt that asks is let through; so it is
   * after the third probe in a row that was not understood, and after each further one.
   * @returns whether an attempt is let through without a probe that was understood
   */
  readonly recordProbe: (turn: ProbeTurn, finding: Found<ProbeSignal>, now: number) => boolean;
  /** Asks to make an attempt. While the breaker is open, only one may, after a healthy probe or (by setting) as the probe. */
  readonly permit: (now: number) => Permit | Pause | Crowded;
  /** Gives an unused turn back: there was no key, say. It goes to the next who asks. */
  readonly giveBack: (unused: Permit | ProbeTurn) => void;
  /** Records what an attempt came to. */
  readonly record: (permit: Permit, finding: Found<BreakerSignal>, now: number) => void;
  /** Whether no key works, or the endpoint fails. Throttling does not open the breaker. */
  readonly isOpen: () => boolean;
};

/** What an attempt or a probe came to. */
type Found<Signal> = {
  readonly signal: Signal;
  /** What the vendor asked for, in seconds. */
  readonly retryAfterSeconds?: number | undefined;
};

/**
 * A breaker for all three reasons not to send: throttled, credentials refused, endpoint failing. A probe's minute counts
 * from the probe's start, so another probe follows even if the first never ends.
 */
export function createBreaker(probeWith: ProbeWith): Breaker {
  let state = CLOSED;
  return {
    currentPause: (now) => pauseOf(state, now),
    takeProbe: (now) => {
      const { opening, openings } = state;
      if (probeWith === 'event' || opening === undefined || isTrialDue(opening, now)) return undefined;
      if (pauseOf(state, now) !== undefined) return undefined;
      state = reopen(state, { isHealthy: false, nextProbeAt: now + probeEvery(opening) });
      return { kind: 'probe', begunAt: now, openings };
    },
    recordProbe: ({ openings }, found, now) => {
      const finding = { ...found, begunAt: now, now };
      const { opening } = state;
      const isOutOfDate = opening === undefined || openings < state.openings;
      state = isOutOfDate ? learnLate(state, finding) : learnFromProbe(state, opening, finding);
      return state.opening !== undefined && state.opening.unknowns >= BREAKER_LIMITS.unknownProbes;
    },
    permit: (now) => {
      const next = nextTurn(state, now, probeWith);
      if (next.kind !== 'go') return next;
      const { opening, openings, proofs, unproven } = state;
      state =
        opening === undefined
          ? { ...state, unproven: unproven + 1 }
          : reopen(state, { isHealthy: false, nextProbeAt: now + probeEvery(opening) });
      return { kind: 'go', isProbe: opening !== undefined, begunAt: now, openings, proofs };
    },
    giveBack: (unused) => {
      if (unused.openings === state.openings) state = takeBack(state, unused, probeWith);
    },
    record: (permit, found, now) => {
      const finding = { ...found, begunAt: permit.begunAt, now };
      const isOutOfDate = permit.openings < state.openings;
      state = isOutOfDate ? learnLate(state, finding) : learn(leave(state, permit), finding, probeWith);
    },
    isOpen: () => state.opening !== undefined,
  };
}

function pauseOf({ opening, throttledUntil }: BreakerState, now: number): Pause | undefined {
  const isWaiting = opening !== undefined && !opening.isHealthy;
  if (isWaiting && opening.nextProbeAt > Math.max(now, throttledUntil)) {
    return { kind: 'pause', reason: opening.reason, milliseconds: opening.nextProbeAt - now };
  }
  if (throttledUntil <= now) return undefined;
  return { kind: 'pause', reason: 'throttled', milliseconds: throttledUntil - now };
}

/** Whether an attempt may be made now. */
function nextTurn(
  state: BreakerState,
  now: number,
  probeWith: ProbeWith,
): Pause | Crowded | { readonly kind: 'go' } {
  const { opening, unproven, failures } = state;
  const pause = pauseOf(state, now);
  if (pause !== undefined) return pause;
  if (opening === undefined) {
    return failures + unproven < BREAKER_LIMITS.endpointFailures ? { kind: 'go' } : { kind: 'crowded' };
  }
  // A probe is due before: the next event that asks for the pause sends it.
  return probeWith === 'event' || isTrialDue(opening, now)
    ? { kind: 'go' }
    : { kind: 'pause', reason: opening.reason, milliseconds: 0 };
}

/** Whether one event may be sent now. What a probe has found holds until the next one is due. */
function isTrialDue({ isHealthy, nextProbeAt }: Opening, now: number): boolean {
  return isHealthy && now < nextProbeAt;
}

function reopen(state: BreakerState, change: Partial<Opening>): BreakerState {
  return { ...state, opening: state.opening && { ...state.opening, ...change } };
}

/** The numbers of the breaker; times in milliseconds. */
const BREAKER_LIMITS = {
  /** The endpoint counts as failing after so many failed attempts in a row. */
  endpointFailures: 5,
  /** While the breaker is open, how often it is probed whether all is well again. */
  probeEvery: 60_000,
  /** The same at most, after probes that found health where the event behind them failed. */
  longestProbeEvery: 900_000,
  /** After so many probes that were not understood, an event is let through. */
  unknownProbes: 3,
  /** The pause after a 429 without a hint; twice as long after each further one, up to the longest. */
  firstPause: 2_000,
  longestPause: 60_000,
} as const;

/** What is known while the breaker is open: nothing is sent but probes, until an event succeeds. */
type Opening = {
  readonly reason: 'credentials' | 'endpoint';
  readonly nextProbeAt: number;
  /** Whether the last probe found the endpoint healthy (or was the third that was not understood), and no event was sent since. */
  readonly isHealthy: boolean;
  /** Probes in a row that were not understood. */
  readonly unknowns: number;
  /** Events that failed though the probe before them had found the endpoint healthy. */
  readonly lies: number;
};

/** What a worker's breaker knows of Webex Campaign. Times are milliseconds. */
type BreakerState = {
  readonly opening: Opening | undefined;
  /** How often it has been opened. An attempt from before the last opening is out of date. */
  readonly openings: number;
  /** Attempts in a row for which the endpoint failed. */
  readonly failures: number;
  /** How often the endpoint has proved that it answers. */
  readonly proofs: number;
  /**
   * Attempts under way that were begun since the last proof. With the failures they are never more than may fail: if
   * an outage began at that proof, no more events than these can meet it, however long each of them takes to fail.
   */
  readonly unproven: number;
  /** Nothing is sent before: the vendor asked for that. It holds beside an opening, and outlasts a success. */
  readonly throttledUntil: number;
  /** Throttled pauses in a row, each attempt begun after the pause before it was over. */
  readonly pauses: number;
};

const CLOSED: BreakerState = {
  opening: undefined,
  openings: 0,
  failures: 0,
  proofs: 0,
  unproven: 0,
  throttledUntil: Number.NEGATIVE_INFINITY,
  pauses: 0,
};

/** What an attempt or a probe came to, and when. */
type Finding<Signal> = Found<Signal> & { readonly begunAt: number; readonly now: number };

/** The state without an attempt that has ended. One that was begun before the last proof is no longer counted. */
function leave(state: BreakerState, { proofs }: Permit): BreakerState {
  return proofs === state.proofs ? { ...state, unproven: state.unproven - 1 } : state;
}

/** Of what was begun before the breaker last opened, or of a probe that ends after it closed, only a request to slow down counts. */
function learnLate(state: BreakerState, finding: Finding<BreakerSignal | ProbeSignal>): BreakerState {
  return finding.signal === 'throttled' ? throttle(state, finding) : state;
}

/** What the breaker knows after an attempt. */
function learn(state: BreakerState, finding: Finding<BreakerSignal>, probeWith: ProbeWith): BreakerState {
  const { opening } = state;
  return opening !== undefined && probeWith === 'call'
    ? learnFromTrial(state, opening, finding)
    : learnFromAttempt(state, finding);
}

function learnFromAttempt(state: BreakerState, finding: Finding<BreakerSignal>): BreakerState {
  const { signal, begunAt } = finding;
  switch (signal) {
    case 'accepted':
    case 'answered':
      return {
        ...proven(state),
        opening: undefined,
        pauses: begunAt >= state.throttledUntil ? 0 : state.pauses,
      };
    case 'throttled': {
      // A throttling endpoint answers, so it works; that says nothing about the key.
      const opening = state.opening?.reason === 'endpoint' ? undefined : state.opening;
      return throttle({ ...proven(state), opening }, finding);
    }
    case 'credentials-refused':
      return open({ ...state, failures: 0 }, 'credentials', finding);
    case 'endpoint-failed': {
      const failures = state.failures + 1;
      const failed = { ...state, failures };
      return failures >= BREAKER_LIMITS.endpointFailures ? open(failed, 'endpoint', finding) : failed;
    }
    case 'none':
      return state;
  }
}

/** What the breaker knows after the event that was sent behind a healthy probe: only its success closes it. */
function learnFromTrial(
  state: BreakerState,
  opening: Opening,
  finding: Finding<BreakerSignal>,
): BreakerState {
  switch (finding.signal) {
    case 'accepted':
      return learnFromAttempt(state, finding);
    case 'answered':
      // Its own fields were refused, as the probe's were: the next event may prove more.
      return reopen(state, { isHealthy: true });
    case 'throttled':
      return waitThrottled(state, finding);
    case 'credentials-refused':
      return reopen(state, { reason: 'credentials' });
    case 'endpoint-failed': {
      const lies = opening.lies + 1;
      const nextProbeAt = Math.max(finding.begunAt + probeEvery({ lies }), hintOf(finding));
      return reopen(state, { lies, nextProbeAt });
    }
    case 'none':
      return state;
  }
}

/** What the breaker knows after a probe. */
function learnFromProbe(state: BreakerState, opening: Opening, finding: Finding<ProbeSignal>): BreakerState {
  switch (finding.signal) {
    case 'healthy':
      return reopen(state, { isHealthy: true, unknowns: 0 });
    case 'throttled':
      return waitThrottled(state, finding);
    case 'credentials-refused':
      return reopen(state, { reason: 'credentials' });
    case 'outage':
      return reopen(state, { unknowns: 0, nextProbeAt: Math.max(opening.nextProbeAt, hintOf(finding)) });
    case 'unknown': {
      const unknowns = opening.unknowns + 1;
      return reopen(state, { isHealthy: unknowns >= BREAKER_LIMITS.unknownProbes, unknowns });
    }
  }
}

/** A minute, and twice as long after each event that failed behind a healthy probe: each of them is one for a person. */
function probeEvery({ lies }: Pick<Opening, 'lies'>): number {
  return Math.min(BREAKER_LIMITS.longestProbeEvery, BREAKER_LIMITS.probeEvery * 2 ** lies);
}

/** The endpoint answers: what was begun before is no longer in doubt. */
function proven(state: BreakerState): BreakerState {
  return { ...state, failures: 0, proofs: state.proofs + 1, unproven: 0 };
}

/** Stays half open until the vendor's pause is over, and probes then. */
function waitThrottled(state: BreakerState, finding: Finding<unknown>): BreakerState {
  const throttled = throttle(state, finding);
  return reopen(throttled, { nextProbeAt: throttled.throttledUntil });
}

/** Pauses for as long as the vendor asks; without a hint (or with one of 0 s), longer from pause to pause. */
function throttle(
  state: BreakerState,
  { retryAfterSeconds = 0, begunAt, now }: Finding<unknown>,
): BreakerState {
  // Attempts made side by side are refused together: that is one pause, not several.
  const pauses = begunAt >= state.throttledUntil ? state.pauses + 1 : state.pauses;
  const { firstPause, longestPause } = BREAKER_LIMITS;
  const backoff = Math.min(longestPause, firstPause * 2 ** (pauses - 1));
  const milliseconds = retryAfterSeconds > 0 ? retryAfterSeconds * 1000 : backoff;
  return { ...state, pauses, throttledUntil: Math.max(state.throttledUntil, now + milliseconds) };
}

/** No probe comes before the time that the vendor has asked for. */
function hintOf({ now, retryAfterSeconds = 0 }: Finding<unknown>): number {
  return now + retryAfterSeconds * 1000;
}

/** Opens the breaker. One that is open keeps its probe's time, and refused credentials as its reason. */
function open(state: BreakerState, reason: Opening['reason'], finding: Finding<unknown>): BreakerState {
  const { opening, openings } = state;
  const hint = hintOf(finding);
  if (opening === undefined) {
    const nextProbeAt = Math.max(finding.now + BREAKER_LIMITS.probeEvery, hint);
    const opened = { reason, nextProbeAt, isHealthy: false, unknowns: 0, lies: 0 };
    return { ...state, openings: openings + 1, opening: opened };
  }
  const change = reason === 'credentials' ? { reason } : { nextProbeAt: Math.max(opening.nextProbeAt, hint) };
  return reopen(state, change);
}

function takeBack(state: BreakerState, unused: Permit | ProbeTurn, probeWith: ProbeWith): BreakerState {
  const { opening } = state;
  if (opening === undefined) return unused.kind === 'go' ? leave(state, unused) : state;
  const isLatest = opening.nextProbeAt === unused.begunAt + probeEvery(opening);
  if (!isLatest) return state;
  return unused.kind === 'go' && probeWith === 'call'
    ? reopen(state, { isHealthy: true })
    : reopen(state, { nextProbeAt: unused.begunAt });
}
