import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  isExhausted,
  LONGEST_PAUSE_SECONDS,
  LONGEST_STAY_SECONDS,
  mostReceives,
  nextDelaySeconds,
  RETRY_SCHEDULE,
} from '../../../lambdas/deliver/retry-schedule.ts';

/** What SQS allows: developer guide, "Amazon SQS message quotas". */
const SQS_MAX_RECEIVE_COUNT = 1_000;
const SQS_MAX_VISIBILITY_SECONDS = 12 * 60 * 60;

const anyAttempt = fc.integer({ min: 1, max: 5_000 });
const anyRandom = fc.double({ min: 0, max: 1, noNaN: true });

describe('the pause before the next attempt', () => {
  test.each([
    [1, 2, 5],
    [2, 3, 10],
    [3, 5, 20],
    [5, 20, 80],
    [8, 160, 640],
    [9, 225, 900],
    [1_000, 225, 900],
    [100_000, 225, 900],
  ])('after attempt %d is from %d to %d seconds', (attempt, floor, ceiling) => {
    expect([nextDelaySeconds(attempt, 0), nextDelaySeconds(attempt, 1)]).toEqual([floor, ceiling]);
  });

  test('is spread evenly between the two', () => {
    expect(nextDelaySeconds(5, 0.5)).toBe(50);
    expect(nextDelaySeconds(9, 1 / 3)).toBe(450);
  });

  test('is never shorter than what is asked for, in whole seconds', () => {
    expect(nextDelaySeconds(1, 0.1, 30)).toBe(30);
    expect(nextDelaySeconds(1, 0.1, 30.2)).toBe(31);
    expect(nextDelaySeconds(9, 0, 30)).toBe(225);
  });

  test('stays between what is asked for and what SQS can do, whatever the attempt and the chance', () => {
    fc.assert(
      fc.property(anyAttempt, anyRandom, fc.nat(100_000), (attempt, random, asked) => {
        const seconds = nextDelaySeconds(attempt, random, asked);

        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(Math.min(asked, RETRY_SCHEDULE.longestHintSeconds));
        expect(seconds).toBeGreaterThanOrEqual(1);
        expect(seconds).toBeLessThanOrEqual(LONGEST_PAUSE_SECONDS);
      }),
    );
  });

  test('is never shorter than it could have been an attempt earlier', () => {
    fc.assert(
      fc.property(anyAttempt, anyRandom, (attempt, random) => {
        expect(nextDelaySeconds(attempt + 1, random)).toBeGreaterThanOrEqual(
          nextDelaySeconds(attempt, random),
        );
      }),
    );
  });
});

describe('what the queues are derived from:', () => {
  test('no pause is longer than SQS can hide a message for, with time to spare for the work itself', () => {
    expect(LONGEST_PAUSE_SECONDS).toBe(3_600);
    expect(LONGEST_PAUSE_SECONDS + 15 * 60).toBeLessThan(SQS_MAX_VISIBILITY_SECONDS);
  });

  test('a message stays for a day and one pause at most', () => {
    expect(LONGEST_STAY_SECONDS).toBe(86_400 + 3_600);
  });

  test('the worst of luck stays far below the receives that SQS can count to', () => {
    // 2 + 3 + 5 + 10 + 20 + 40 + 80 + 160 seconds, then 225 each: 383 more fill the day, and the next finds it over.
    expect(mostReceives()).toBe(8 + Math.ceil((86_400 - 320) / 225) + 1);
    expect(mostReceives()).toBeLessThan(SQS_MAX_RECEIVE_COUNT / 2);
  });

  test('no luck at all makes a message be received more often than that', () => {
    fc.assert(
      fc.property(fc.infiniteStream(anyRandom), fc.infiniteStream(fc.nat(90)), (chances, asked) => {
        const bufferedAt = new Date(0);
        let now = bufferedAt;
        let receives = 1;
        for (; !isExhausted(bufferedAt, now); receives += 1) {
          const seconds = nextDelaySeconds(receives, chances.next().value, asked.next().value);
          now = new Date(now.getTime() + seconds * 1000);
        }

        expect(receives).toBeLessThanOrEqual(mostReceives());
        expect(now.getTime() / 1000).toBeLessThanOrEqual(LONGEST_STAY_SECONDS);
      }),
      { numRuns: 50 },
    );
  });
});

test('a webhook is tried for a day and not a moment longer', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  const before = (milliseconds: number) => new Date(now.getTime() - milliseconds);

  expect(isExhausted(before(86_399_999), now)).toBe(false);
  expect(isExhausted(before(86_400_000), now)).toBe(true);
});
