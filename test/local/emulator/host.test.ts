import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from '@jest/globals';
import { measureThread } from '../../../local/emulator/host.ts';

const MEGABYTE = 1_048_576;

let worker: Worker;
afterEach(async () => void (await worker.terminate()));

/** Starts a thread that makes a list with each message, and keeps it if the message is `keep`. */
async function startThread(): Promise<void> {
  const measured = new URL('../../../local/emulator/host.ts', import.meta.url).href;
  const code = `
    const { parentPort } = require('node:worker_threads');
    const kept = [];
    import(${JSON.stringify(measured)}).then(({ answerMemory }) => {
      parentPort.on('message', (message) => {
        if (answerMemory(message)) return;
        const list = Array.from({ length: 500_000 }, (_, index) => ({ index }));
        if (message === 'keep') kept.push(list);
        parentPort.postMessage('done');
      });
      parentPort.postMessage('ready');
    });`;
  worker = new Worker(code, { eval: true });
  await once(worker, 'message');
}

async function order(message: string): Promise<void> {
  const done = once(worker, 'message');
  worker.postMessage(message);
  await done;
}

const held = async () => {
  const { heap, buffers } = await measureThread(worker);
  return heap + buffers;
};

describe('what a thread holds', () => {
  test('counts what is still referenced, and not what is no longer', async () => {
    await startThread();
    const before = await held();
    await order('drop');
    expect((await held()) - before).toBeLessThan(2 * MEGABYTE);

    await order('keep');
    expect((await held()) - before).toBeGreaterThan(10 * MEGABYTE);
  }, 30_000);

  test('cannot be asked of one that has ended, or that ends without an answer', async () => {
    await startThread();
    const asked = measureThread(worker);
    await Promise.all([expect(asked).rejects.toThrow('has ended'), worker.terminate()]);
    await expect(measureThread(worker)).rejects.toThrow('has ended');
  }, 30_000);
});
