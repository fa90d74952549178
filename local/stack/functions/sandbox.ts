import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../../lambdas/result.ts';
import type { FastClock } from '../queues/fast-clock.ts';
import { measureThread, type ThreadMemory } from '../thread-memory.ts';

/** A function of the template, ready to be run. */
export type FunctionSettings = {
  readonly name: string;
  /** Where its code lies. */
  readonly directory: string;
  /** `file.export` */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
  /** For functions that are fed by a queue: they compare with its timestamps. */
  readonly clock?: FastClock;
};

/** What came of an invocation: what the handler returned, or what Lambda would report. */
export type Invocation = Result<unknown, string>;

/** One execution environment: a thread with its own environment, which works on one invocation at a time. */
export type Sandbox = {
  readonly invoke: (event: unknown) => Promise<Invocation>;
  /** Whether it can be invoked again; not after a crash or a timeout. */
  readonly isAlive: () => boolean;
  readonly memory: () => Promise<ThreadMemory>;
  readonly stop: () => Promise<void>;
};

const outcomeSchema = z.union([z.object({ value: z.unknown() }), z.object({ error: z.string() })]);

/** Starts a thread that loads the function's code; `onLine` is told each line that it prints. */
export function startSandbox(settings: FunctionSettings, onLine: (text: string) => void): Sandbox {
  const { environment, timeoutSeconds, ...workerData } = settings;
  const worker = new Worker(new URL('./sandbox-thread.ts', import.meta.url), {
    env: { ...environment },
    workerData,
    stdout: true,
    stderr: true,
  });
  for (const stream of [worker.stdout, worker.stderr]) readLines(stream, onLine);

  let isAlive = true;
  const ended = new Promise<Invocation>((resolve) => {
    worker.once('error', (error) => resolve(fail(`Runtime exited with error: ${error.message}`)));
    worker.once('exit', (code) => resolve(fail(`Runtime exited with exit status ${code}`)));
  });
  ended.then(() => {
    isAlive = false;
  });
  const ready = new Promise((resolve) => worker.once('message', resolve));

  return {
    isAlive: () => isAlive,
    memory: () => measureThread(worker),
    stop: async () => void (await worker.terminate()),
    invoke: async (event) => {
      await Promise.race([ready, ended]);
      if (!isAlive) return ended;
      // Only from here on: Lambda does not count the cold start against the timeout.
      const timeout = startTimeout(timeoutSeconds);
      const invocation = await Promise.race([ended, run(worker, event, timeoutSeconds), timeout.over]);
      timeout.cancel();
      if (invocation !== TIMED_OUT) return invocation;
      isAlive = false;
      await worker.terminate();
      return fail(`Task timed out after ${timeoutSeconds.toFixed(2)} seconds`);
    },
  };
}

const TIMED_OUT = Symbol('timed out');

function startTimeout(seconds: number): {
  readonly over: Promise<typeof TIMED_OUT>;
  readonly cancel: () => void;
} {
  const { promise, resolve } = Promise.withResolvers<typeof TIMED_OUT>();
  const timer = setTimeout(() => resolve(TIMED_OUT), seconds * 1000);
  return { over: promise, cancel: () => clearTimeout(timer) };
}

function run(worker: Worker, event: unknown, timeoutSeconds: number): Promise<Invocation> {
  return new Promise((resolve) => {
    worker.once('message', (message) => {
      const outcome = outcomeSchema.parse(message);
      resolve('error' in outcome ? fail(outcome.error) : succeed(outcome.value));
    });
    worker.postMessage({ requestId: randomUUID(), deadline: Date.now() + timeoutSeconds * 1000, event });
  });
}

function readLines(stream: Readable, onLine: (text: string) => void): void {
  createInterface({ input: stream }).on('line', onLine);
}
