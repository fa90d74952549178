import type { Mapped } from '../../map/webhook.ts';
import { type Result, succeed } from '../../result.ts';
import type { SecretFailure } from '../../secret.ts';
import { beside, type Fault, faultOf } from '../beside.ts';
import { LEFT_MILLISECONDS } from '../ledger/decision.ts';
import type { RetryLaterCode } from '../outcome.ts';
import { type Breaker, keepWhileOpen, type Pause, type Permit, signalOf } from './breaker.ts';
import type { KeyedCaller } from './keys.ts';
import { type Attempt, classifyAttempt, quoteAnswer, type Verdict } from './verdict.ts';

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
  /** Asked before an event is claimed: if no call can be made now, the event stays as it is. */
  readonly currentPause: (remainingMilliseconds: number) => Promise<CallPause | undefined>;
  readonly call: (event: EventToCall, remainingMilliseconds: () => number) => Promise<Called>;
};

/** What one worker calls the event API with. It lives as long as the worker: breaker, rate and keys are its memory. */
export type CallerDependencies = {
  readonly keyedCaller: KeyedCaller;
  readonly breaker: Breaker;
  readonly rateLimit: RateLimit;
  /** Whether there are keys to call with. */
  readonly readKeys: () => Promise<Result<unknown, SecretFailure>>;
  readonly call: (request: EventRequest) => Promise<Attempt>;
  /** How long a call may take at most. */
  readonly callMilliseconds: number;
  readonly successIdFields: readonly string[];
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly now: () => Date;
};

/** Combines breaker, rate, keys and the HTTP client. A call is begun only if there is time to judge and settle it. */
export function createEventCaller(dependencies: CallerDependencies): EventCaller {
  const { breaker, readKeys, rateLimit, pause, now, callMilliseconds } = dependencies;
  const timeLeft = (remainingMilliseconds: number) =>
    remainingMilliseconds - callMilliseconds - LEFT_MILLISECONDS;

  return {
    currentPause: async (remainingMilliseconds) => {
      if (timeLeft(remainingMilliseconds) < 0) return { code: 'not-begun' };
      const paused = breaker.currentPause(now().getTime());
      if (paused !== undefined) return callPauseOf(paused);
      const keys = await readKeys();
      return keys.ok ? undefined : { code: keys.failure.code };
    },
    call: async (event, remainingMilliseconds) => {
      const wait = rateLimit.reserve(now().getTime(), timeLeft(remainingMilliseconds()));
      if (wait === undefined) return { kind: 'paused', code: 'not-begun' };
      if (wait > 0) await pause(wait);
      // Asked only now: while this call waited for its turn, another may have found that no key works.
      const permit = breaker.permit(now().getTime());
      if (permit.kind === 'pause') return { kind: 'paused', ...callPauseOf(permit) };
      const hasTime = () => timeLeft(remainingMilliseconds()) >= 0;
      return callOnce(event, { ...dependencies, permit, hasTime });
    },
  };
}

function callPauseOf({ reason, milliseconds }: Pause): CallPause {
  return { code: `paused-${reason}`, atLeastSeconds: milliseconds / 1000 };
}

async function callOnce(
  event: EventToCall,
  dependencies: CallerDependencies & { readonly permit: Permit; readonly hasTime: () => boolean },
): Promise<Called> {
  const { breaker, now, permit } = dependencies;
  const startedAt = now().getTime();
  const faults: Fault[] = [];
  const called = await judgeCall(event, dependencies, faults);
  if (!called.ok) {
    breaker.giveBack(permit);
    return { kind: 'paused', code: called.failure.code };
  }
  const { verdict: judged, ...facts } = called.value;
  const endedAt = now().getTime();
  const verdict = beside('breaker-not-updated', { faults, before: judged }, () => {
    const { retryAfterSeconds } = { retryAfterSeconds: undefined, ...judged };
    const found = { signal: signalOf(judged), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
    breaker.record(permit, found, endedAt);
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
  { keyedCaller, call, successIdFields, now, hasTime }: CallerDependencies & { hasTime: () => boolean },
  faults: Fault[],
): ReturnType<KeyedCaller> {
  let known: Verdict | undefined;
  let calls = 0;
  const called = keyedCaller(async (key) => {
    const request = buildRequest(payload, key);
    known = NOT_JUDGED;
    calls += 1;
    const attempt = await call(request);
    const verdict = classifyAttempt(attempt, now(), successIdFields);
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
