import { once } from 'node:events';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MessageChannel, MessagePort, type Worker } from 'node:worker_threads';
import * as z from 'zod';

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
