import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { itemRangesSchema, writeItemRanges } from '../../../lambdas/buffer/replay.ts';

const schema = itemRangesSchema();

describe('the items of a batch', () => {
  test.each([
    [[0], '0'],
    [[0, 1, 2, 41, 43], '0-2,41,43'],
    [[5, 3, 4, 3], '3-5'],
  ])('%j are written %s', (items, text) => {
    expect(writeItemRanges(items)).toBe(text);
  });

  test('are read as they were written, in order and once each', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20_000 }), { minLength: 1 }), (items) => {
        const inOrder = [...new Set(items)].sort((one, other) => one - other);

        expect(schema.parse(writeItemRanges(items))).toEqual(inOrder);
      }),
    );
  });

  test('of ten thousand failures in a row take a few characters', () => {
    expect(writeItemRanges(Array.from({ length: 10_000 }, (_, item) => item))).toBe('0-9999');
  });

  test.each(['', 'a', '1-', '-1', '1,,2', '1 2', '99999999'])('are not read from %j', (text) => {
    expect(schema.safeParse(text).success).toBe(false);
  });
});
