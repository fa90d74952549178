import type { Result } from '../../result.ts';
import type { SecretFailure } from '../../secret.ts';
import { LEFT_MILLISECONDS } from '../ledger/decision.ts';
import type { RetryLaterCode } from '../outcome.ts';
import type { Called, CallPause, EventCaller, EventToCall } from '../work.ts';
import { type Breaker, type Hold, keepWhileOpen, type Permit, signalOf } from './breaker.ts';
import type { KeyedCaller } from './keys.ts';
import { quoteAnswer } from './mask.ts';
import { type Attempt, classifyAttempt } from './verdict.ts';

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

const CODE_OF: Readonly<Record<Hold['reason'], RetryLaterCode>> = {
  throttled: 'paused-throttled',
  credentials: 'paused-credentials',
  endpoint: 'paused-endpoint',
};

function pausedBy({ reason, milliseconds }: Hold): CallPause {
  return { code: CODE_OF[reason], atLeastSeconds: milliseconds / 1000 };
}

/** Puts breaker, rate, keys and the client together. A call is begun only if it can be judged and settled in time. */
export function createEventCaller(dependencies: CallerDependencies): EventCaller {
  const { breaker, readKeys, rateLimit, pause, now, callMilliseconds } = dependencies;
  const timeLeft = (remainingMilliseconds: number) =>
    remainingMilliseconds - callMilliseconds - LEFT_MILLISECONDS;

  return {
    hold: async (remainingMilliseconds) => {
      if (timeLeft(remainingMilliseconds) < 0) return { code: 'not-begun' };
      const hold = breaker.hold(now().getTime());
      if (hold !== undefined) return pausedBy(hold);
      const keys = await readKeys();
      return keys.ok ? undefined : { code: keys.failure.code };
    },
    call: async (event, remainingMilliseconds) => {
      const wait = rateLimit.reserve(now().getTime(), timeLeft(remainingMilliseconds()));
      if (wait === undefined) return { kind: 'held', code: 'not-begun' };
      if (wait > 0) await pause(wait);
      // Asked only now: while this call waited for its turn, others may have found out that no key works.
      const permit = breaker.permit(now().getTime());
      if (permit.kind === 'wait') return { kind: 'held', ...pausedBy(permit) };
      const hasTime = () => timeLeft(remainingMilliseconds()) >= 0;
      return callOnce(event, { ...dependencies, permit, hasTime });
    },
  };
}

async function callOnce(
  { event, payload }: EventToCall,
  {
    keyedCaller,
    breaker,
    call,
    successIdFields,
    now,
    permit,
    hasTime,
  }: CallerDependencies & { readonly permit: Permit; readonly hasTime: () => boolean },
): Promise<Called> {
  const startedAt = now().getTime();
  const called = await keyedCaller(async (key) => {
    const attempt = await call(buildRequest(payload, key));
    return quoteAnswer(classifyAttempt(attempt, now(), successIdFields), attempt, { event, key });
  }, hasTime);
  if (!called.ok) {
    breaker.giveBack(permit);
    return { kind: 'held', code: called.failure.code };
  }
  const { verdict, calls, index } = called.value;
  const { retryAfterSeconds } = { retryAfterSeconds: undefined, ...verdict };
  const endedAt = now().getTime();
  const said = { signal: signalOf(verdict), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  breaker.record(permit, said, endedAt);
  return {
    kind: 'called',
    verdict: keepWhileOpen(verdict, breaker.isOpen()),
    milliseconds: endedAt - startedAt,
    calls,
    keyUsed: index,
  };
}

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

/** Two settings of the deployment. */
type RateSettings = {
  /** Calls per second that the tenant may make in all. */
  readonly eventsPerSecond: number;
  /** How many workers there are at most: the event source's maximum concurrency. */
  readonly maxConcurrency: number;
};

/** One worker's share of the tenant's rate, in calls per second: nobody tells a worker how many others there are. */
export function workerRate({ eventsPerSecond, maxConcurrency }: RateSettings): number {
  return eventsPerSecond / maxConcurrency;
}

/** One worker's limiter. `now` is in milliseconds, of a clock that does not go back. */
type RateLimit = {
  /**
   * Takes the next free index and gives the whole milliseconds until it comes. Where that is longer than `most`, no index
   * is taken and there is no answer: the caller has no time left to wait for it.
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
      // The index itself, not the whole millisecond it is rounded up to: roundings must not add up.
      nextAt = Math.max(nextAt, now) + interval;
      return milliseconds;
    },
  };
}
