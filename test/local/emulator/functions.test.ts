import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readBatchResponse } from '../../../local/emulator/functions/event-source.ts';
import { createFunctionPool, type FunctionPool } from '../../../local/emulator/functions/pool.ts';
import { measureOwnThread } from '../../../local/emulator/host.ts';

const CODE = `
let invocations = 0;
exports.handler = async ({ run }, context) => {
  invocations += 1;
  switch (run) {
    case 'count': return { invocations };
    case 'environment': return { ...process.env };
    case 'context': return { ...context, remaining: context.getRemainingTimeInMillis() };
    case 'clock': return { now: Date.now(), at: new Date().getTime(), fixed: new Date(5).getTime() };
    case 'work': { const from = Date.now(); const until = performance.now() + 60; while (performance.now() < until); return Date.now() - from; }
    case 'print': console.log('one\\ntwo'); return;
    case 'throw': throw new TypeError('no');
    case 'exit': process.exit(3);
    case 'hang': return new Promise((resolve) => setTimeout(resolve, 60000));
    case 'long': console.log('begun'); return new Promise((resolve) => setTimeout(() => resolve({ invocations }), 800));
    case 'slow': return new Promise((resolve) => setTimeout(() => resolve({ invocations }), 200));
  }
};`;

let directory: string;
const pools: FunctionPool[] = [];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'function-'));
  writeFileSync(join(directory, 'index.js'), CODE);
});
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.stop()));
  rmSync(directory, { recursive: true });
});

function createPool(
  changes: { handler?: string; timeoutSeconds?: number; clock?: { anchor: number; speed: number } } = {},
) {
  const lines: string[] = [];
  const settings = {
    name: 'probe',
    directory,
    handler: 'index.handler',
    timeoutSeconds: 20,
    memoryMegabytes: 128,
    environment: { ONLY: 'this' },
    ...changes,
  };
  const pool = createFunctionPool(settings, (text) => lines.push(text));
  pools.push(pool);
  return { lines, pool, invoke: (run: string) => pool.invoke({ run }) };
}

describe('a function', () => {
  test('keeps its sandbox while it is warm', async () => {
    const { invoke } = createPool();

    expect([await invoke('count'), await invoke('count')]).toEqual([
      { ok: true, value: { invocations: 1 } },
      { ok: true, value: { invocations: 2 } },
    ]);
  });

  test('lets go of an invocation that is over, though its sandbox lives on', async () => {
    const { invoke, pool } = createPool();
    const invoked = await Promise.all(
      [invoke('count'), invoke('count')].map(async (one) => new WeakRef(await one)),
    );
    await pool.memory();
    measureOwnThread();

    expect(invoked.map((one) => one.deref())).toEqual([undefined, undefined]);
  });

  test('works on one invocation at a time in each sandbox', async () => {
    const { invoke } = createPool();

    const both = await Promise.all([invoke('slow'), invoke('slow')]);

    expect(both).toEqual([
      { ok: true, value: { invocations: 1 } },
      { ok: true, value: { invocations: 1 } },
    ]);
  });

  test('sees its own environment and no other', async () => {
    expect(await createPool().invoke('environment')).toEqual({ ok: true, value: { ONLY: 'this' } });
  });

  test('can ask how much time it has left', async () => {
    const invocation = await createPool().invoke('context');

    const { remaining, functionName } = invocation.ok ? Object(invocation.value) : {};
    expect(functionName).toBe('probe');
    expect(remaining).toBeGreaterThan(10_000);
    expect(remaining).toBeLessThanOrEqual(20_000);
  });

  test('on a fast clock does not seem to work for longer than it does', async () => {
    const { invoke } = createPool({ clock: { anchor: Date.now(), speed: 1_000 } });

    expect(await invoke('work')).toEqual({ ok: true, value: 0 });
  });

  test('that is fed by a queue can live on its fast clock', async () => {
    const anchor = Date.now() - 1_000;
    const invocation = await createPool({ clock: { anchor, speed: 100 } }).invoke('clock');

    const { now, at, fixed } = invocation.ok ? Object(invocation.value) : {};
    expect(now - anchor).toBeGreaterThanOrEqual(100_000);
    expect([Math.abs(at - now) < 10_000, fixed]).toEqual([true, 5]);
  });

  test('has every line that it prints reported', async () => {
    const { lines, invoke } = createPool();

    await invoke('print');
    await invoke('slow');

    expect(lines).toEqual(['one', 'two']);
  });

  test.each([
    ['throw', 'TypeError: no', {}],
    ['exit', 'Runtime exited with exit status 3', {}],
    ['hang', 'Task timed out after 1.00 seconds', { timeoutSeconds: 1 }],
  ])('that comes to %s is reported as Lambda does, and works again', async (run, failure, changes) => {
    const { lines, invoke } = createPool(changes);

    expect(await invoke(run)).toEqual({ ok: false, failure });
    expect(lines).toContain(failure);
    expect(await invoke('count')).toMatchObject({ ok: true });
  });

  test('can be killed in the middle of its work, and works again', async () => {
    const { lines, pool, invoke } = createPool();
    await invoke('count');
    expect(await pool.killWorkers()).toBe(0);

    const long = invoke('long');
    // A thread that has not loaded its code yet ends in another way.
    while (!lines.includes('begun')) await new Promise((resolve) => setTimeout(resolve, 5));

    expect(await pool.killWorkers()).toBe(1);
    expect(await long).toEqual({ ok: false, failure: 'Runtime exited with exit status 1' });
    expect(await invoke('count')).toEqual({ ok: true, value: { invocations: 1 } });
  });

  test('is loaded anew once it is renewed, and what is at work then comes to its end', async () => {
    const { lines, pool, invoke } = createPool();
    await invoke('count');
    const long = invoke('long');
    while (!lines.includes('begun')) await new Promise((resolve) => setTimeout(resolve, 5));

    await pool.renew();
    expect(await invoke('count')).toEqual({ ok: true, value: { invocations: 1 } });
    expect(await long).toEqual({ ok: true, value: { invocations: 2 } });
    expect(await invoke('count')).toEqual({ ok: true, value: { invocations: 2 } });
  });

  test('whose code cannot be loaded is reported', async () => {
    expect(await createPool({ handler: 'index.missing' }).invoke('count')).toEqual({
      ok: false,
      failure: 'Runtime exited with error: index.missing is undefined or not exported',
    });
  });
});

describe('of a batch', () => {
  const ids = ['a', 'b'];
  const read = (value: unknown, reports = true) => readBatchResponse({ ok: true, value }, ids, reports);

  test.each([null, {}, { batchItemFailures: null }, { batchItemFailures: [] }])(
    'all is done with %j',
    (value) => {
      expect(read(value)).toEqual([]);
    },
  );

  test('only what is reported has failed', () => {
    expect(read({ batchItemFailures: [{ itemIdentifier: 'b' }] })).toEqual(['b']);
  });

  test.each([
    'text',
    { batchItemFailures: [{ itemIdentifier: '' }] },
    { batchItemFailures: [{ itemIdentifier: null }] },
    { batchItemFailures: [{ id: 'a' }] },
    { batchItemFailures: [{ itemIdentifier: 'c' }] },
  ])('all has failed with %j', (value) => {
    expect(read(value)).toBe('all');
  });

  test('all has failed when the function has', () => {
    expect(readBatchResponse({ ok: false, failure: 'crashed' }, ids, true)).toBe('all');
  });

  test('all is done when the mapping does not ask for reports', () => {
    expect(read({ batchItemFailures: [{ itemIdentifier: 'b' }] }, false)).toEqual([]);
  });
});
