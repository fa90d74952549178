import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRateLimit, workerRate } from '../../../../lambdas/deliver/event-api/caller.ts';

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

  test('asks nobody to wait after a rest, and saves no more up than the burst', () => {
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
