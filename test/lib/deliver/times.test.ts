import { describe, expect, test } from '@jest/globals';
import {
  batchSizeOf,
  DELIVERY_TIMES,
  findUnfitRate,
  findUnfitTimes,
  rateOf,
} from '../../../lib/deliver/times.ts';

describe('the times of delivery', () => {
  test('fit together', () => {
    expect(findUnfitTimes(DELIVERY_TIMES)).toEqual([]);
  });

  test.each([
    [
      { timeout: 13 },
      "the deliver function's timeout (13 s) has to be longer than a call and its settling (10 s + 3 s)",
    ],
    [{ lease: 30 }, 'a claim (30 s) has to hold for longer than the deliver function can run (30 s)'],
    [
      { visibility: 34 },
      "the buffer has to hide a message (34 s) until a dead worker's claim has run out (35 s)",
    ],
    [
      { maxReceiveCount: 692 },
      'maxReceiveCount (692) has to be above the receives after which a message is put on the buffer anew (300) and what the retry schedule can reach then (392), and at most 1000',
    ],
    [
      { maxReceiveCount: 1001 },
      'maxReceiveCount (1001) has to be above the receives after which a message is put on the buffer anew (300) and what the retry schedule can reach then (392), and at most 1000',
    ],
    [
      { bufferRetention: 90_000 },
      'the buffer has to retain a message (90000 s) for longer than it is tried (90000 s)',
    ],
    [
      { ledgerRetention: 2_419_199 },
      'the ledger has to keep an event (2419199 s) for as long as its webhook can lie in both queues (2419200 s)',
    ],
    [
      { visibility: 179 },
      "the buffer has to hide a message (179 s) for six times the deliver function's timeout and the batching window (6 × 30 s + 0 s)",
    ],
    [
      { batchingWindow: 20 },
      "the buffer has to hide a message (180 s) for six times the deliver function's timeout and the batching window (6 × 30 s + 20 s)",
    ],
    [
      { ingest: 30 },
      "the ingest function's timeout (30 s) has to be shorter than API Gateway waits for it (30 s)",
    ],
    [
      { deadLetterRetention: 345_600 },
      'the dead-letter queue has to retain a message (345600 s) for as long as SQS may take to move it there (141120 s) and a person to come after the alarm (345600 s)',
    ],
  ])('do not with %j: %s', (changes, sentence) => {
    expect(findUnfitTimes({ ...DELIVERY_TIMES, ...changes })).toContain(sentence);
  });
});

describe('the rate of delivery', () => {
  test('is five a second by two workers, unless the settings differ', () => {
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
