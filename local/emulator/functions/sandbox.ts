import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import { fail, type Result, succeed } from '../../../lambdas/result.ts';
import type { FastClock } from '../fast-clock.ts';
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

/** Starts a thread that loads the function's code; `onLine` gets each line that it prints. */
export function startSandbox(settings: FunctionSettings, onLine: (text: string) => void): Sandbox {
  const { environment, timeoutSeconds, ...workerData } = settings;
  const worker = new Worker(new URL('./sandbox-thread.ts', import.meta.url), {
    env: { ...environment },
    workerData,
    stdout: true,
    stderr: true,
  });
  for (const input of [worker.stdout, worker.stderr]) createInterface({ input }).on('line', onLine);

  const life = watchLife(worker);
  return {
    isAlive: life.isAlive,
    memory: () => measureThread(worker),
    stop: async () => void (await worker.terminate()),
    invoke: async (event) => {
      await life.ready;
      const { promise, resolve } = Promise.withResolvers<Invocation>();
      life.atEnd(resolve);
      if (!life.isAlive()) return promise;
      // Only from here on: Lambda does not count the cold start against the timeout.
      const timedOut = `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
      const timer = setTimeout(life.end, timeoutSeconds * 1000, timedOut);
      run(worker, { event, timeoutSeconds }, resolve);
      const invocation = await promise;
      clearTimeout(timer);
      life.atEnd(() => {});
      if (!life.isAlive()) await worker.terminate();
      return invocation;
    },
  };
}

type Life = {
  /** Once the function's code is loaded, or will never be. */
  readonly ready: Promise<unknown>;
  readonly isAlive: () => boolean;
  /** Declares it ended, unless it is already. */
  readonly end: (failure: string) => void;
  /** What to call at the end, in the place of what was given before; at once, if the end has come. */
  readonly atEnd: (notify: (ended: Invocation) => void) => void;
};

/** The end calls whoever waits: a race with a promise of the end would keep every invocation in memory until then. */
function watchLife(worker: Worker): Life {
  let ended: Invocation | undefined;
  let notifyOfEnd: (ended: Invocation) => void = () => {};
  const end = (failure: string) => {
    ended ??= fail(failure);
    notifyOfEnd(ended);
  };
  const ready = new Promise((resolve) => {
    worker.once('message', resolve);
    worker.once('exit', resolve);
  });
  worker.once('error', (error) => end(`Runtime exited with error: ${error.message}`));
  worker.once('exit', (code) => end(`Runtime exited with exit status ${code}`));
  return {
    ready,
    isAlive: () => ended === undefined,
    end,
    atEnd: (notify) => {
      notifyOfEnd = notify;
      if (ended !== undefined) notify(ended);
    },
  };
}

function run(
  worker: Worker,
  { event, timeoutSeconds }: { readonly event: unknown; readonly timeoutSeconds: number },
  onOutcome: (invocation: Invocation) => void,
): void {
  worker.once('message', (message) => {
    const outcome = outcomeSchema.parse(message);
    onOutcome('error' in outcome ? fail(outcome.error) : succeed(outcome.value));
  });
  worker.postMessage({ requestId: randomUUID(), deadline: Date.now() + timeoutSeconds * 1000, event });
}
