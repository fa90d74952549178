import { setTimeout as wait } from 'node:timers/promises';
import type { StackAccess } from './stack-access.ts';

/** Waits until nothing is left on the buffer, twice in a row. */
export async function drain(
  { stack }: { readonly stack: StackAccess },
  deadline: number,
  onProgress: (sentence: string) => void,
): Promise<void> {
  for (let empty = 0; empty < 2 && performance.now() < deadline; ) {
    const depth = await stack.bufferDepth();
    empty = depth === 0 ? empty + 1 : 0;
    onProgress(`${depth} messages on the buffer`);
    await wait(500);
  }
}
