import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createFunctionPool, type FunctionPool } from '../../local/emulator/functions/pool.ts';
import { judgeTrends, type Sample } from '../../rehearsal/soak.ts';

const MEGABYTE = 1_048_576;
const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** Starts a function whose code is this, as the local stack does. */
async function startFunction(code: string): Promise<FunctionPool> {
  const directory = await mkdtemp(join(tmpdir(), 'leak-'));
  await writeFile(join(directory, 'index.js'), code);
  const settings = { name: 'Deliver', handler: 'index.handler', timeoutSeconds: 10, memoryMegabytes: 256 };
  const pool = createFunctionPool({ ...settings, directory, environment: {} }, () => {});
  cleanUps.push(pool.stop, () => rm(directory, { recursive: true, force: true }));
  return pool;
}

/** What a soak says of a function, measured from outside after each of so many invocations. */
async function verdictOn(code: string): Promise<string | undefined> {
  const pool = await startFunction(code);
  const samples: Sample[] = [];
  for (let seconds = 0; seconds < 40; seconds += 1) {
    await pool.invoke({});
    const [memory = { heap: 0, buffers: 0 }] = await pool.memory();
    const others = { rss: 0, reserve: 0, main: 0, ingest: 0, queues: 0, tables: 0 };
    const counts = { threads: 1, handles: 0, buffer: 0, ledger: 0, events: 0 };
    samples.push({ seconds, ...others, ...counts, deliver: memory.heap + memory.buffers });
  }
  return judgeTrends(samples).find(({ measure }) => measure === 'deliver')?.verdict;
}

test('a function that keeps objects from call to call is found to grow', async () => {
  const code = `const kept = []; exports.handler = async () => { kept.push(Array.from({ length: 50_000 }, (_, i) => ({ i }))); };`;

  expect(await verdictOn(code)).toBe('growing');
});

test('a function that keeps buffers, which are not on its heap, is found to grow', async () => {
  const code = `const kept = []; exports.handler = async () => { kept.push(Buffer.alloc(${MEGABYTE})); };`;

  expect(await verdictOn(code)).toBe('growing');
});

test('a function that gives back what it has used is flat, however much that was', async () => {
  const code = `exports.handler = async () => { Array.from({ length: 50_000 }, (_, i) => ({ i })); };`;

  expect(await verdictOn(code)).toBe('flat');
});
