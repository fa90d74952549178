import type { Mapped } from '../../map/webhook.ts';
import { type Result, succeed } from '../../result.ts';
import type { SecretFailure } from '../../secret.ts';
import { LEFT_MILLISECONDS } from '../ledger/decision.ts';
import type { RetryLaterCode } from '../outcome.ts';
import type { Breaker, Pause, Permit, ProbeTurn } from './breaker.ts';
import type { KeyedCaller } from './keys.ts';
import {
  type AnswerFacts,
  type AnswerRules,
  type Attempt,
  beside,
  classifyAttempt,
  type Fault,
  faultOf,
  judgeProbe,
  keepWhileOpen,
  PROBE_PAYLOAD,
  quoteAnswer,
  signalOf,
  type Verdict,
} from './verdict.ts';

/** An event, and the body of its call. */
type EventToCall = Pick<Extract<Mapped, { kind: 'event' }>, 'event' | 'payload'>;

/** Why no call is made now. */
export type CallPause = { readonly code: RetryLaterCode; readonly atLeastSeconds?: number };

/** A call that was made and judged, or was not made after all. */
export type Called =
  | {
      readonly kind: 'called';
      readonly verdict: Verdict;
      /** How long it took, a second call with the other key included. */
      readonly milliseconds: number;
      readonly calls: number;
      /** Which key the last call was made with, where that is known. */
      readonly keyUsed?: 'primary' | 'secondary';
      /** Bugs beside the verdict, if there were any. */
      readonly faults?: readonly Fault[];
    }
  | ({ readonly kind: 'paused' } & CallPause);

/** Calls the event API as far as keys, rate, breaker and the function's remaining time allow. */
export type EventCaller = {
  /**
   * Asked before an event is claimed: if no call can be made now, the event stays as it is. While the breaker is open, the
   * event that asks when a probe is due waits for it.
   */
  readonly currentPause: (remainingMilliseconds: number) => Promise<CallPause | undefined>;
  readonly call: (event: EventToCall, remainingMilliseconds: () => number) => Promise<Called>;
};

/** What one worker calls the event API with. It lives as long as the worker: breaker, rate and keys are its memory. */
export type CallerDependencies = AnswerRules & {
  readonly keyedCaller: KeyedCaller;
  readonly breaker: Breaker;
  readonly rateLimit: RateLimit;
  /** Whether there are keys to call with. */
  readonly readKeys: () => Promise<Result<unknown, SecretFailure>>;
  readonly call: (request: EventRequest) => Promise<Attempt>;
  /** How long a call may take at most. */
  readonly callMilliseconds: number;
  /** Reports a probe whose answer was not understood, from the third on. */
  readonly reportUnknownProbe: (answer: AnswerFacts) => void;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly now: () => Date;
};

/** Combines breaker, rate, keys and the HTTP client. A call is begun only if there is time to judge and settle it. */
export function createEventCaller(dependencies: CallerDependencies): EventCaller {
  const { breaker, now } = dependencies;
  const turns = createTurns(dependencies);
  const ends = createEnds();
  return {
    currentPause: (remainingMilliseconds) => {
      const endsAt = now().getTime() + remainingMilliseconds;
      return pauseBefore(turns, dependencies, () => endsAt - now().getTime());
    },
    call: async (event, remainingMilliseconds) => {
      while (await turns.take(remainingMilliseconds())) {
        // Asked only now: while this call waited for its turn, another may have found that no key works.
        const permit = breaker.permit(now().getTime());
        if (permit.kind === 'pause') return { kind: 'paused', ...callPauseOf(permit) };
        if (permit.kind === 'go') {
          const hasTime = () => turns.areLeft(remainingMilliseconds());
          return callOnce(event, { ...dependencies, permit, hasTime }).finally(ends.report);
        }
        await ends.next();
      }
      return { kind: 'paused', ...NOT_BEGUN };
    },
  };
}

const NOT_BEGUN = { code: 'not-begun' } as const;

/** When a call may be begun: as the rate has it, and only if there is time for its end. */
type Turns = {
  readonly areLeft: (remainingMilliseconds: number) => boolean;
  /** Waits for the next turn; false if it comes too late. */
  readonly take: (remainingMilliseconds: number) => Promise<boolean>;
};

function createTurns({ rateLimit, pause, now, callMilliseconds }: CallerDependencies): Turns {
  const timeLeft = (remainingMilliseconds: number) =>
    remainingMilliseconds - callMilliseconds - LEFT_MILLISECONDS;
  return {
    areLeft: (remainingMilliseconds) => timeLeft(remainingMilliseconds) >= 0,
    take: async (remainingMilliseconds) => {
      const wait = rateLimit.reserve(now().getTime(), timeLeft(remainingMilliseconds));
      if (wait) await pause(wait);
      return wait !== undefined;
    },
  };
}

/** What stands in the way of a call, once a probe that is due has been sent. */
async function pauseBefore(
  turns: Turns,
  dependencies: CallerDependencies,
  remainingMilliseconds: () => number,
): Promise<CallPause | undefined> {
  const { breaker, readKeys, now } = dependencies;
  const hasTime = () => turns.areLeft(remainingMilliseconds());
  if (!hasTime()) return NOT_BEGUN;
  const paused = breaker.currentPause(now().getTime());
  if (paused !== undefined) return callPauseOf(paused);
  const keys = await readKeys();
  if (!keys.ok) return { code: keys.failure.code };

  const turn = breaker.takeProbe(now().getTime());
  const unsent = turn && (await sendProbe(turn, { ...dependencies, turns, remainingMilliseconds }));
  if (unsent !== undefined) return unsent;
  const pausedNow = breaker.currentPause(now().getTime());
  if (pausedNow !== undefined) return callPauseOf(pausedNow);
  return hasTime() ? undefined : NOT_BEGUN;
}

/** The ends of calls, for those that wait until one comes. */
function createEnds(): { readonly next: () => Promise<void>; readonly report: () => void } {
  let waiting: (() => void)[] = [];
  return {
    next: () => new Promise((resolve) => waiting.push(resolve)),
    report: () => {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
  };
}

function callPauseOf({ reason, milliseconds }: Pause): CallPause {
  return { code: `paused-${reason}`, atLeastSeconds: milliseconds / 1000 };
}

/**
 * Finds out, by a call that can message nobody, whether an event may be sent again. No event is claimed for it. Returns why
 * it could not be sent, if so.
 */
async function sendProbe(
  turn: ProbeTurn,
  {
    turns,
    remainingMilliseconds,
    ...dependencies
  }: CallerDependencies & { readonly turns: Turns; readonly remainingMilliseconds: () => number },
): Promise<CallPause | undefined> {
  const { keyedCaller, breaker, call, now, reportUnknownProbe } = dependencies;
  const giveBack = (pause: CallPause) => {
    breaker.giveBack(turn);
    return pause;
  };
  if (!(await turns.take(remainingMilliseconds()))) return giveBack(NOT_BEGUN);
  const called = await keyedCaller(
    async (key) => classifyAttempt(await call(buildRequest(PROBE_PAYLOAD, key)), now(), dependencies),
    () => turns.areLeft(remainingMilliseconds()),
  );
  if (!called.ok) return giveBack({ code: called.failure.code });
  const { verdict } = called.value;
  const found = { signal: judgeProbe(verdict), ...hintOf(verdict) };
  const isNotUnderstood = breaker.recordProbe(turn, found, now().getTime());
  if (isNotUnderstood && verdict.answer) reportUnknownProbe(verdict.answer);
  return undefined;
}

/** What the vendor asked for. */
function hintOf({ retryAfterSeconds }: { readonly outcome: string; readonly retryAfterSeconds?: number }) {
  return { retryAfterSeconds };
}

async function callOnce(
  event: EventToCall,
  dependencies: CallerDependencies & { readonly permit: Permit; readonly hasTime: () => boolean },
): Promise<Called> {
  const { breaker, now, permit } = dependencies;
  const startedAt = now().getTime();
  const faults: Fault[] = [];
  const called = await judgeCall(event, dependencies, faults).catch((bug: unknown) => {
    // An attempt that is never recorded would stand for one under way for as long as the worker lives.
    breaker.giveBack(permit);
    return Promise.reject(bug);
  });
  if (!called.ok) {
    breaker.giveBack(permit);
    return { kind: 'paused', code: called.failure.code };
  }
  const { verdict: judged, ...facts } = called.value;
  const endedAt = now().getTime();
  const verdict = beside('breaker-not-updated', { faults, before: judged }, () => {
    breaker.record(permit, { signal: signalOf(judged), ...hintOf(judged) }, endedAt);
    return keepWhileOpen(judged, breaker.isOpen());
  });
  const milliseconds = endedAt - startedAt;
  return { kind: 'called', ...facts, verdict, milliseconds, ...(faults.length > 0 && { faults }) };
}

/** What a call is worth from the moment it may have been sent, until its answer is judged. */
const NOT_JUDGED = { outcome: 'unconfirmed', code: 'unconfirmed', cause: 'internal-error' } as const;

/**
 * Makes the calls for an event and judges them. Once one may have been sent, this fails no more: a bug in anything else
 * leaves the verdict that is known by then. A bug before that says nothing of a call: the promise rejects with it.
 */
function judgeCall(
  { event, payload }: EventToCall,
  { hasTime, ...dependencies }: CallerDependencies & { readonly hasTime: () => boolean },
  faults: Fault[],
): ReturnType<KeyedCaller> {
  const { keyedCaller, call, now } = dependencies;
  let known: Verdict | undefined;
  let calls = 0;
  const called = keyedCaller(async (key) => {
    const request = buildRequest(payload, key);
    known = NOT_JUDGED;
    calls += 1;
    const attempt = await call(request);
    const verdict = classifyAttempt(attempt, now(), dependencies);
    known = beside('answer-not-quoted', { faults, before: verdict }, () =>
      quoteAnswer(verdict, attempt, { ...event, key }),
    );
    return known;
  }, hasTime);
  return called.catch((bug: unknown) => {
    if (known === undefined) return called;
    faults.push(faultOf(known === NOT_JUDGED ? 'answer-not-judged' : 'keys-not-updated', bug));
    return succeed({ verdict: known, calls });
  });
}

/** How long a call may take, in milliseconds. */
type CallLimits = {
  /** Until there is a connection to send over, TLS included. What fails by then was never sent. */
  readonly connect: number;
  /** Until the answer has been read to its end. */
  readonly total: number;
  /** How long a connection is kept for the next call. */
  readonly idle: number;
};

/**
 * The vendor documents none of these (webex-facts.md, section 8, recommends the first two). An idle connection is closed
 * before the quickest servers (Node and Apache: five seconds) close it: a request that crosses such a close is unclear,
 * and a new handshake is cheaper than a person's question to the vendor.
 */
export const CALL_LIMITS: CallLimits = { connect: 3_000, total: 10_000, idle: 4_000 };

/** One call of the event API, ready to be sent. */
export type EventRequest = {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Builds the call as the contract has it (webex-event-api.md, "Request"). `key` is an API secret key. */
export function buildRequest(payload: string, key: string): EventRequest {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${key}`,
    },
    body: payload,
  };
}

/**
 * One worker's share of the tenant's rate, in calls per second. A worker does not know how many others there are, so it
 * counts with as many as the event source's maximum concurrency allows.
 */
export function workerRate({
  eventsPerSecond,
  maxConcurrency,
}: {
  readonly eventsPerSecond: number;
  readonly maxConcurrency: number;
}): number {
  return eventsPerSecond / maxConcurrency;
}

/** One worker's limiter. `now` is in milliseconds, of a clock that never goes back. */
type RateLimit = {
  /**
   * Takes the next free turn and returns the whole milliseconds until it comes. If that is longer than `most`, takes none
   * and returns `undefined`: the caller has no time to wait for it.
   */
  readonly reserve: (now: number, most: number) => number | undefined;
};

/**
 * Spaces calls evenly (the generic cell rate algorithm, ITU-T I.371, which is a token bucket without the bucket).
 * @param perSecond the rate, above 0
 * @param burst how many calls may be made at once after a rest, from 1
 */
export function createRateLimit(perSecond: number, burst = 1): RateLimit {
  const interval = 1000 / perSecond;
  const tolerance = (burst - 1) * interval;
  let nextAt = Number.NEGATIVE_INFINITY;
  return {
    reserve: (now, most) => {
      const milliseconds = Math.max(0, Math.ceil(nextAt - tolerance - now));
      if (milliseconds > most) return undefined;
      // The turn itself, not the whole millisecond that it is rounded up to: roundings must not add up.
      nextAt = Math.max(nextAt, now) + interval;
      return milliseconds;
    },
  };
}

/** More at the same time gain nothing: at most so many calls begin in the second that a call should take. */
const MOST_LANES = 50;

/**
 * How many events a worker works on at the same time: as many as its share of the rate begins in a second.
 * @param perSecond the worker's share, in calls a second
 */
export function lanesFor(perSecond: number): number {
  return Math.min(MOST_LANES, Math.max(1, Math.ceil(perSecond)));
}

/** What lets the events of a webhook be worked on side by side, within what one worker can take. */
export type Lanes = {
  /**
   * Repeats a step in as many lanes as are free until it returns `false`, in each lane by itself. There is always one lane,
   * whatever other webhooks of the worker have taken.
   */
  readonly run: (most: number, step: () => Promise<boolean>) => Promise<void>;
};

export function createLanes(count: number): Lanes {
  let free = count - 1;
  return {
    run: async (most, step) => {
      const taken = Math.max(0, Math.min(free, most - 1));
      free -= taken;
      const lane = async () => {
        while (await step());
      };
      try {
        await Promise.all(Array.from({ length: taken + 1 }, lane));
      } finally {
        free += taken;
      }
    },
  };
}
