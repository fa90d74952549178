import { setTimeout as wait } from 'node:timers/promises';

/** Waits for so many milliseconds. */
export async function pause(milliseconds: number): Promise<void> {
  await wait(milliseconds);
}
