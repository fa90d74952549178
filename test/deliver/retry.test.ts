import { describe, expect, test } from '@jest/globals';
import { readRetryAfter } from '../../lambdas/deliver/retry-after.ts';
import { nextDelaySeconds } from '../../lambdas/deliver/retry-schedule.ts';

const NOW = new Date('1994-11-06T08:49:00Z');

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    [' 120 ', 120],
    ['999999', 3600],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37],
    ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
    ['Mon, 07 Nov 1994 08:49:37 GMT', 3600],
  ])('%j asks for %d seconds', (header, seconds) => {
    expect(readRetryAfter(header, NOW)).toBe(seconds);
  });

  test.each([undefined, '', 'soon', '-5', '1.5', '1e3', '1994-11-06', 'Sun, 99 Nov 1994 08:49:37 GMT'])(
    '%j asks for nothing',
    (header) => {
      expect(readRetryAfter(header, NOW)).toBeUndefined();
    },
  );
});

describe('the pause before the next attempt', () => {
  test.each([
    [1, 5],
    [2, 10],
    [5, 80],
    [9, 900],
    [1_000, 900],
  ])('after attempt %d is at most %d seconds', (attempt, seconds) => {
    expect(nextDelaySeconds(attempt, 1)).toBe(seconds);
  });

  test('is spread over the whole range, from a second on', () => {
    expect([nextDelaySeconds(5, 0), nextDelaySeconds(5, 0.5)]).toEqual([1, 40]);
  });

  test('is never shorter than the vendor asks', () => {
    expect(nextDelaySeconds(1, 0.1, 30)).toBe(30);
  });
});
