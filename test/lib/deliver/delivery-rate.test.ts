import { describe, expect, test } from '@jest/globals';
import { batchSizeOf, findUnfitRate, rateOf } from '../../../lib/deliver/times.ts';

describe('the rate of delivery', () => {
  test('is five a second by two workers, unless it is told otherwise', () => {
    expect(rateOf({})).toEqual({ eventsPerSecond: 5, concurrency: 2 });
    expect(rateOf({ eventsPerSecond: 7, concurrency: undefined })).toEqual({
      eventsPerSecond: 7,
      concurrency: 2,
    });
  });

  test.each([
    [5, 2, 10],
    [1_000, 2, 10],
    [1.18, 2, 10],
    [1.17, 2, 9],
    [0.5, 2, 4],
    [0.12, 2, 1],
  ])(
    'of %d a second by %d workers hands a worker %d webhooks at once, for which its time is enough',
    (...row) => {
      const [eventsPerSecond, concurrency, size] = row;

      expect(batchSizeOf({ eventsPerSecond, concurrency })).toBe(size);
    },
  );

  test('may be so low that a worker just gets its turn', () => {
    expect(findUnfitRate({ eventsPerSecond: 0.12, concurrency: 2 })).toEqual([]);
  });

  test('may not be lower than that', () => {
    expect(findUnfitRate({ eventsPerSecond: 0.11, concurrency: 2 })).toEqual([
      '0.11, shared by 2 workers, is a call every 18.2 s each, and a worker can wait 17 s for its turn (30 s, less 10 s for the call and 3 s to settle it). Give 0.12 at least, or fewer workers.',
    ]);
  });
});
