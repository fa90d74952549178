import type { Result } from '../result.ts';
import type { SecretFailure } from '../secret.ts';
import type { Attempt } from './attempt.ts';
import type { Breaker, Hold, Permit } from './breaker.ts';
import { keepWhileOpen, signalOf } from './breaker-signal.ts';
import { buildRequest, type EventRequest } from './build-request.ts';
import type { KeyedCaller } from './call-with-keys.ts';
import { classifyAttempt } from './classify-answer.ts';
import type { RetryLaterCode } from './event-outcome.ts';
import type { Called, CallHold, EventCaller, EventToCall } from './event-work.ts';
import { quoteAnswer } from './quote-answer.ts';
import type { RateLimit } from './rate-limit.ts';
import { LEFT_MILLISECONDS } from './settle-event.ts';

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

function heldBy({ reason, milliseconds }: Hold): CallHold {
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
      if (hold !== undefined) return heldBy(hold);
      const keys = await readKeys();
      return keys.ok ? undefined : { code: keys.failure.code };
    },
    call: async (event, remainingMilliseconds) => {
      const wait = rateLimit.reserve(now().getTime(), timeLeft(remainingMilliseconds()));
      if (wait === undefined) return { kind: 'held', code: 'not-begun' };
      if (wait > 0) await pause(wait);
      // Asked only now: while this call waited for its turn, others may have found out that no key works.
      const permit = breaker.permit(now().getTime());
      if (permit.kind === 'wait') return { kind: 'held', ...heldBy(permit) };
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
  const { verdict, calls, slot } = called.value;
  const { retryAfterSeconds } = { retryAfterSeconds: undefined, ...verdict };
  const endedAt = now().getTime();
  const said = { signal: signalOf(verdict), ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  breaker.record(permit, said, endedAt);
  return {
    kind: 'called',
    verdict: keepWhileOpen(verdict, breaker.isOpen()),
    milliseconds: endedAt - startedAt,
    calls,
    keySlot: slot,
  };
}
