import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { growthExponent, ratioOf, spreadOf, startWarm } from '../../bench/measure.ts';

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

const directory = mkdtempSync(join(tmpdir(), 'peak-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Megabytes that a function holds at most which takes so many for each event. */
async function peakOf(megabytes: number): Promise<number> {
  writeFileSync(
    join(directory, 'index.js'),
    `exports.handler = async () => { Buffer.alloc(${megabytes} * 2 ** 20, 1); return { statusCode: 200 }; };`,
  );
  const { run, stop } = await startWarm({ subject: { directory, environment: {} } as never, event: {} });
  const { peak } = await run(2);
  stop();
  return peak;
}

test('the memory of a function is its own, however much the process holds that measures it', async () => {
  const held = Buffer.alloc(400 * 2 ** 20, 1);
  const small = await peakOf(1);
  const large = await peakOf(200);

  expect(held.at(-1)).toBe(1);
  expect(small).toBeGreaterThan(20);
  expect(small).toBeLessThan(200);
  expect(large).toBeGreaterThan(small + 150);
});
