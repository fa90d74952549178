import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { startWarm } from '../../bench/measure/warm.ts';

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
