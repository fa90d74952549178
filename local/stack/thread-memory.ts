import { getHeapStatistics, type HeapInfo } from 'node:v8';
import type { Worker } from 'node:worker_threads';

/** What a thread holds, in bytes: objects on its heap, and buffers beside it. What V8 keeps in reserve is not counted. */
export type ThreadMemory = { readonly heap: number; readonly buffers: number };

/** Measures a thread from outside; fails if it ends meanwhile. */
export async function measureThread(worker: Worker): Promise<ThreadMemory> {
  return readStatistics(await worker.getHeapStatistics());
}

/** Measures the thread that calls this. */
export function measureOwnThread(): ThreadMemory {
  return readStatistics(getHeapStatistics());
}

function readStatistics({
  used_heap_size: heap,
  external_memory: buffers,
}: Pick<HeapInfo, 'used_heap_size' | 'external_memory'>): ThreadMemory {
  return { heap, buffers };
}
