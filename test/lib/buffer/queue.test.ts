import { describe, expect, test } from '@jest/globals';
import { findUnfitSizes, MESSAGE_SIZES } from '../../../lib/buffer/queue.ts';

describe('the sizes of webhooks', () => {
  test('fit together', () => {
    expect(findUnfitSizes(MESSAGE_SIZES)).toEqual([]);
  });

  test.each([
    [
      { queue: 1_048_577 },
      'a message of the queues (1048577 bytes) can be no larger than SQS allows (1048576 bytes)',
    ],
    [
      { message: 1_032_193 },
      "a message of the queues (1048576 bytes) has to hold a webhook that ingest takes (1032193 bytes) and a dead letter's note (16384 bytes)",
    ],
    [
      { lambda: 1_048_576 },
      'what Lambda hands to deliver (1048576 bytes) has to be more than a message of the buffer (1048576 bytes)',
    ],
    [
      { unpacked: 6_000_000 },
      'deliver has to unpack (6000000 bytes) whatever Lambda hands to ingest (6291456 bytes)',
    ],
  ])('do not with %j: %s', (changes, sentence) => {
    expect(findUnfitSizes({ ...MESSAGE_SIZES, ...changes })).toEqual([sentence]);
  });
});
