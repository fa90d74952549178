import { describe, expect, test } from '@jest/globals';
import { growthExponent, ratioOf, spreadOf } from '../../bench/measure/statistics.ts';

describe('statistics', () => {
  test('give the middle, and where a tenth begins and ends', () => {
    expect(spreadOf([5, 1, 3, 2, 4, 6, 7, 8, 9, 10, 11])).toEqual({ median: 6, p10: 2, p90: 10 });
  });

  test('compare with the base of the same round', () => {
    expect(ratioOf([20, 400, 60], [10, 200, 30])).toEqual({ median: 2, p10: 2, p90: 2 });
  });

  test.each([
    ['flat', 0],
    ['linear', 1],
    ['square', 2],
  ])('recognise %s growth', (_, exponent) => {
    const points = [1, 10, 100].map((size) => [size, 3 * size ** exponent] as const);

    expect(growthExponent(points)).toBeCloseTo(exponent);
  });
});
