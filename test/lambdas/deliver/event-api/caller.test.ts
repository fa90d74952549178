import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBreaker } from '../../../../lambdas/deliver/event-api/breaker.ts';
import {
  CALL_LIMITS,
  createEventCaller,
  createRateLimit,
  type EventCaller,
  workerRate,
} from '../../../../lambdas/deliver/event-api/caller.ts';
import { createKeyedCaller, type WebexKeys } from '../../../../lambdas/deliver/event-api/keys.ts';
import { type Attempt, DEFAULT_ANSWER_RULES } from '../../../../lambdas/deliver/event-api/verdict.ts';
import { fail, type Result, succeed } from '../../../../lambdas/result.ts';
import type { SecretFailure } from '../../../../lambdas/secret.ts';

const EVENT = { event: { name: 'paid', eventId: 'evt_1', eventKey: 'ann', params: {} }, payload: '{}' };

const START = Date.parse('2026-11-24T12:00:00Z');

let keys: Result<WebexKeys, SecretFailure>;
let answer: (key: string) => Attempt;
let clock: number;
let bearers: string[];
let pauses: number[];
let caller: EventCaller;

beforeEach(() => {
  keys = succeed({ primary: 'first', secondary: 'second' });
  answer = () => answered(200, '{"transaction-id":"event_1"}');
  clock = START;
  bearers = [];
  pauses = [];
  const readKeys = async () => keys;
  caller = createEventCaller({
    keyedCaller: createKeyedCaller({ readKeys, rereadKeys: async () => undefined }),
    readKeys,
    breaker: createBreaker('event'),
    rateLimit: createRateLimit(2),
    call: async ({ headers }) => {
      const bearer = headers.authorization?.replace('Bearer ', '') ?? '';
      bearers.push(bearer);
      clock += 7;
      return answer(bearer);
    },
    callMilliseconds: 10_000,
    ...DEFAULT_ANSWER_RULES,
    reportUnknownProbe: () => {},
    pause: async (milliseconds) => {
      pauses.push(milliseconds);
      clock += milliseconds;
    },
    now: () => new Date(clock),
  });
});

function answered(status: number, body: string, retryAfter?: string): Attempt {
  return { kind: 'answered', status, retryAfter, body };
}

const call = (remaining = 30_000) => caller.call(EVENT, () => remaining);

describe('a call of an event', () => {
  test('gives the verdict, how long it took, and which key it was made with', async () => {
    expect(await caller.currentPause(30_000)).toBeUndefined();
    expect(await call()).toEqual({
      kind: 'called',
      verdict: { outcome: 'delivered', transactionId: 'event_1', answer: { status: 200 } },
      milliseconds: 7,
      calls: 1,
      keyUsed: 'primary',
    });
  });

  test('waits for its turn, and is not made when that comes too late', async () => {
    await call();
    await call();

    expect(pauses).toEqual([493]);
    expect(await call(13_000)).toEqual({ kind: 'paused', code: 'not-begun' });
    expect(bearers).toHaveLength(2);
  });

  test.each([
    [12_999, { code: 'not-begun' }],
    [13_000, undefined],
  ])(
    'with %d ms left is paused by %j: it takes ten seconds, and its settling three',
    async (remaining, pause) => {
      expect(await caller.currentPause(remaining)).toEqual(pause);
    },
  );

  test('is paused while there are no keys', async () => {
    keys = fail({ code: 'secret-missing', secret: 'webex-campaign' });

    expect(await caller.currentPause(30_000)).toEqual({ code: 'secret-missing' });
    expect(await call()).toEqual({ kind: 'paused', code: 'secret-missing' });
  });

  test('is made with the second key when the first is refused, and with it alone from then on', async () => {
    answer = (key) =>
      key === 'first' ? answered(401, '{"code":498}') : answered(200, '{"transaction-id":"e"}');

    expect(await call()).toMatchObject({ verdict: { outcome: 'delivered' }, calls: 2, keyUsed: 'secondary' });
    expect(await caller.currentPause(30_000)).toBeUndefined();
    await call();
    expect(bearers).toEqual(['first', 'second', 'second']);
  });

  test('is not made a second time when there is no time for it', async () => {
    answer = () => answered(401, '{"code":498}');
    let remaining = 30_000;
    const called = caller.call(EVENT, () => {
      remaining -= 10_000;
      return remaining;
    });

    expect(await called).toMatchObject({ calls: 1, verdict: { code: 'webex-credentials-refused' } });
  });
});

describe('after an answer that concerns all events,', () => {
  test('no call is made with refused keys, but for one probe a minute', async () => {
    answer = () => answered(401, '{"code":498}');
    await call();

    expect(await caller.currentPause(30_000)).toEqual({ code: 'paused-credentials', atLeastSeconds: 60 });
    expect(await call()).toMatchObject({ kind: 'paused', code: 'paused-credentials' });
    clock += 60_000;
    expect(await caller.currentPause(30_000)).toBeUndefined();
    answer = () => answered(200, '{"transaction-id":"e"}');
    expect(await call()).toMatchObject({ verdict: { outcome: 'delivered' } });
    expect(await caller.currentPause(30_000)).toBeUndefined();
  });

  test('no call is made before the time that the vendor asked for', async () => {
    answer = () => answered(429, '{"code":429}', '30');
    await call();

    expect(await caller.currentPause(30_000)).toEqual({ code: 'paused-throttled', atLeastSeconds: 30 });
  });

  test('no call is made to an endpoint that keeps failing, and an event that is refused only for the address waits', async () => {
    answer = () => answered(404, '');
    for (let calls = 0; calls < 4; calls += 1) {
      expect(await call()).toMatchObject({ verdict: { outcome: 'dead-letter', code: 'webex-not-found' } });
    }

    expect(await call()).toMatchObject({ verdict: { outcome: 'retry-later', code: 'webex-wrong-endpoint' } });
    expect(await caller.currentPause(30_000)).toEqual({ code: 'paused-endpoint', atLeastSeconds: 60 });
  });

  test('a key that cannot be read gives its probe back', async () => {
    answer = () => answered(401, '{"code":498}');
    await call();
    clock += 60_000;
    keys = fail({ code: 'secret-missing', secret: 'webex-campaign' });
    await call();

    keys = succeed({ primary: 'third' });
    answer = () => answered(200, '{"transaction-id":"e"}');
    expect(await call()).toMatchObject({ verdict: { outcome: 'delivered' } });
  });
});

test('a call has time to connect within its whole time, and no connection is kept until a server closes it', () => {
  expect(CALL_LIMITS.connect).toBeLessThan(CALL_LIMITS.total);
  // Node and Apache close an idle connection after five seconds.
  expect(CALL_LIMITS.idle).toBeLessThan(5_000);
});

const FOR_EVER = Number.POSITIVE_INFINITY;

test("a worker's rate is its share of the tenant's", () => {
  expect(workerRate({ eventsPerSecond: 5, maxConcurrency: 5 })).toBe(1);
  expect(workerRate({ eventsPerSecond: 5, maxConcurrency: 2 })).toBe(2.5);
  expect(workerRate({ eventsPerSecond: 1, maxConcurrency: 10 })).toBe(0.1);
});

describe('a limiter', () => {
  test('lets the first call go at once and spaces the others evenly', () => {
    const { reserve } = createRateLimit(4);

    expect([0, 0, 0, 100].map((now) => reserve(1000 + now, FOR_EVER))).toEqual([0, 250, 500, 650]);
  });

  test('rounds a wait up, and does not let roundings add up', () => {
    const { reserve } = createRateLimit(3);

    expect([0, 0, 0, 0].map((now) => reserve(now, FOR_EVER))).toEqual([0, 334, 667, 1000]);
  });

  test('makes no call wait after a rest, and saves up no more than the burst', () => {
    const steady = createRateLimit(2);
    const bursting = createRateLimit(2, 3);

    for (const now of [0, 60_000]) {
      expect([0, 1, 2].map(() => steady.reserve(now, FOR_EVER))).toEqual([0, 500, 1000]);
      expect([0, 1, 2, 3, 4].map(() => bursting.reserve(now, FOR_EVER))).toEqual([0, 0, 0, 500, 1000]);
    }
  });

  test('takes no index for a caller that cannot wait for it', () => {
    const { reserve } = createRateLimit(1);

    expect(reserve(0, 0)).toBe(0);
    expect(reserve(0, 999)).toBeUndefined();
    expect(reserve(0, 1000)).toBe(1000);
    expect(reserve(0, 1999)).toBeUndefined();
    expect(reserve(500, 1500)).toBe(1500);
  });

  test('never has more calls in any second than its rate and burst allow', () => {
    const rate = fc.double({ min: 0.05, max: 200, noNaN: true });
    const gap = fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(1500) });
    const gaps = fc.array(fc.record({ gap, most: fc.nat(5000) }), { maxLength: 300 });

    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 10 }), gaps, (perSecond, burst, schedule) => {
        const { reserve } = createRateLimit(perSecond, burst);
        let now = 0;
        const calls = schedule.flatMap(({ gap, most }) => {
          now += gap;
          const wait = reserve(now, most);
          return wait === undefined ? [] : [now + wait];
        });

        for (const start of calls) {
          const within = calls.filter((time) => time >= start && time < start + 1000);
          expect(within.length).toBeLessThanOrEqual(Math.ceil(perSecond) + burst);
        }
      }),
    );
  });

  test('wastes no index: callers that can all wait go one interval apart', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 50 }), (perSecond, calls) => {
        const { reserve } = createRateLimit(perSecond);
        const waits = Array.from({ length: calls }, () => reserve(0, FOR_EVER));

        // A whole millisecond is the most that rounding may add.
        expect(Math.abs((waits.at(-1) ?? 0) - (calls - 1) * (1000 / perSecond))).toBeLessThanOrEqual(1);
      }),
    );
  });
});
