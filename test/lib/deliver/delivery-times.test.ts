import { describe, expect, test } from '@jest/globals';
import { DELIVERY_TIMES, findUnfitTimes } from '../../../lib/deliver/times.ts';

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
      { maxReceiveCount: 392 },
      'maxReceiveCount (392) has to be above what the retry schedule can reach (392), and at most 1000',
    ],
    [
      { maxReceiveCount: 1001 },
      'maxReceiveCount (1001) has to be above what the retry schedule can reach (392), and at most 1000',
    ],
    [
      { bufferRetention: 90_000 },
      'the buffer has to retain a message (90000 s) for longer than it is tried (90000 s)',
    ],
    [
      { ledgerRetention: 2_419_199 },
      'the ledger has to memoize an event (2419199 s) for as long as its webhook can lie in both queues (2419200 s)',
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
