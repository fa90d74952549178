import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { FollowLogs } from './tail.ts';

/** Follows the lines that the functions of the local run print, until it ends. */
export function followLocalRun(url: string): FollowLogs {
  return async (onLine, signal) => {
    try {
      const { body } = await fetch(`${url}/logs`, { signal });
      if (body === null) return;
      for await (const line of createInterface({ input: Readable.fromWeb(body) })) onLine(line);
    } catch (error) {
      // Ended from here, or from there: either way it is over.
      if (!signal.aborted && !(error instanceof TypeError)) throw error;
    }
  };
}
