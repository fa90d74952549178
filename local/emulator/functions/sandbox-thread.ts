import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import * as z from 'zod';
import { answerMemory, installFastDate } from '../host.ts';

/** What a sandbox is started with. */
const sandboxSchema = z.object({
  directory: z.string(),
  handler: z.string(),
  name: z.string(),
  memoryMegabytes: z.number(),
  clock: z.object({ anchor: z.number(), speed: z.number() }).optional(),
});

const invocationSchema = z.object({ requestId: z.string(), deadline: z.number(), event: z.unknown() });

const { directory, handler, name, memoryMegabytes, clock } = sandboxSchema.parse(workerData);
const trueNow = performance.timeOrigin;
if (clock !== undefined) installFastDate(clock);

const [file = '', exported = ''] = handler.split('.');
// As Lambda looks for it: a file without extension, `.js`, `.mjs`. An ES module is awaited, and what it awaits is its INIT.
const [path = ''] = ['.js', '.mjs']
  .map((extension) => join(directory, `${file}${extension}`))
  .filter(existsSync);
const handle: unknown = (await import(pathToFileURL(path).href))[exported];
if (typeof handle !== 'function') throw new Error(`${handler} is undefined or not exported`);

parentPort?.on('message', async (message) => {
  if (answerMemory(message)) return;
  const { requestId, deadline, event } = invocationSchema.parse(message);
  const context = {
    awsRequestId: requestId,
    functionName: name,
    functionVersion: '$LATEST',
    memoryLimitInMB: String(memoryMegabytes),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - (trueNow + performance.now())),
  };
  try {
    parentPort?.postMessage({ value: toJson(await handle(event, context)) });
  } catch (error) {
    parentPort?.postMessage({
      error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    });
  }
});
parentPort?.postMessage('ready');

/** Lambda hands on what a handler returns as JSON. */
function toJson(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}
