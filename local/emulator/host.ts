import { once } from 'node:events';
import type { Server } from 'node:http';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, MessagePort, type Worker } from 'node:worker_threads';
import * as z from 'zod';

/** Where a server is reached, and the means to end it: its connections go with it. */
export type Loopback = { readonly port: number; readonly url: string; readonly stop: () => Promise<void> };

/** Has a server listen on a port of 127.0.0.1; 0 takes a free one. Throws when the port is taken. */
export async function listenOnLoopback(server: Server, wanted = 0): Promise<Loopback> {
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = server.listening ? once(server, 'close') : undefined;
      if (closed !== undefined) server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A clock that starts at the true time and runs `speed` times as fast. */
export type FastClock = { readonly anchor: number; readonly speed: number };

/** What the clock shows when it is truly `now` (milliseconds since 1970). */
export function readFastClock({ anchor, speed }: FastClock, now: number): number {
  return anchor + (now - anchor) * speed;
}

/**
 * Replaces this thread's `Date` by the clock. It goes on between turns of the event loop and stands still within one:
 * waits are shortened, work is not. JSONata measures its own time by `Date`, and would seem to take too long.
 */
export function installFastDate(clock: FastClock): void {
  const TrueDate = Date;
  let thisTurn: number | undefined;
  const now = () => {
    if (thisTurn === undefined) {
      thisTurn = readFastClock(clock, TrueDate.now());
      setImmediate(() => {
        thisTurn = undefined;
      });
    }
    return thisTurn;
  };
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, given) => Reflect.construct(target, given.length === 0 ? [now()] : given),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

/** Replaces this thread's `Date` and timers by the clock's, so that all its waits are shorter. */
export function installFastTime(clock: FastClock): void {
  installFastDate(clock);
  const trueTimers = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval };
  const shorten = (target: typeof setTimeout | typeof setInterval) =>
    new Proxy(target, {
      apply: (timer, self, [callback, milliseconds = 0, ...more]) =>
        Reflect.apply(timer, self, [callback, milliseconds / clock.speed, ...more]),
    });
  Object.assign(globalThis, {
    setTimeout: shorten(trueTimers.setTimeout),
    setInterval: shorten(trueTimers.setInterval),
  });
}

/** What a thread holds, in bytes: objects on its heap, and buffers beside it. What V8 keeps in reserve is not counted. */
export type ThreadMemory = { readonly heap: number; readonly buffers: number };

const memorySchema = z.object({ heap: z.number(), buffers: z.number() });
const questionSchema = z.object({ memoryTo: z.instanceof(MessagePort) });

/** Asks a thread what it holds after a garbage collection; throws if the thread has ended, or ends meanwhile. */
export async function measureThread(worker: Worker): Promise<ThreadMemory> {
  // A thread that has ended gets no message, and exits no more.
  if (worker.threadId < 0) throw new Error('The thread has ended.');
  const { port1, port2 } = new MessageChannel();
  const answered = new AbortController();
  const { signal } = answered;
  try {
    worker.postMessage({ memoryTo: port2 }, [port2]);
    const ended = once(worker, 'exit', { signal }).then(() =>
      Promise.reject(new Error('The thread has ended.')),
    );
    const [memory] = await Promise.race([once(port1, 'message', { signal }), ended]);
    return memorySchema.parse(memory);
  } finally {
    answered.abort();
    port1.close();
  }
}

/** For a thread, with each message that it gets: answers a question for its memory; returns whether it was one. */
export function answerMemory(message: unknown): boolean {
  const question = questionSchema.safeParse(message).data;
  question?.memoryTo.postMessage(measureOwnThread());
  question?.memoryTo.close();
  return question !== undefined;
}

/** Measures the thread that calls it, after a garbage collection. */
export function measureOwnThread(): ThreadMemory {
  collectGarbage();
  const { used_heap_size: heap, external_memory: buffers } = getHeapStatistics();
  return { heap, buffers };
}

type CollectGarbage = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

let collect: CollectGarbage | undefined;

/** Frees what is no longer referenced, and gives the memory back to the operating system. */
function collectGarbage(): void {
  // As "--expose-gc" would have it, but for a thread that was started without.
  setFlagsFromString('--expose-gc');
  collect ??= runInNewContext('gc') as CollectGarbage;
  collect({ type: 'major', flavor: 'last-resort' });
}
