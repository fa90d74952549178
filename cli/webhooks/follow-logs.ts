import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  type FilteredLogEvent,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import type { OfFunction } from '../../answers/deployed-stack.ts';
import type { Account } from '../../answers/project.ts';

/** Passes log lines on as they come, until the signal ends it. */
type FollowLogs = (onLine: (text: string) => void, signal: AbortSignal) => Promise<void>;

/** Follows the lines that the functions of the local run print, until it ends. */
export function followLocalRun(url: string): FollowLogs {
  return async (onLine, signal) => {
    try {
      const { body } = await fetch(`${url}/logs`, { signal });
      if (body === null) return;
      for await (const line of createInterface({ input: Readable.fromWeb(body) })) onLine(line);
    } catch (error) {
      // The signal ends the request, and the end of the local run breaks it off. Neither is an error.
      if (!signal.aborted && !(error instanceof TypeError)) throw error;
    }
  };
}

const POLL_MILLISECONDS = 2_000;

/** Lines show up late and out of order: each poll looks back, and leaves out what was passed on already. */
const LOOK_BACK_MILLISECONDS = 30_000;

/**
 * Follows log groups on AWS by polling `FilterLogEvents`, which needs only the permission to read. A live tail would be paid
 * for by the minute.
 */
export function followCloudWatch(
  logGroups: readonly OfFunction[],
  clock: Account['clock'],
  pollMilliseconds = POLL_MILLISECONDS,
): FollowLogs {
  return async (onLine, signal) => {
    const client = new CloudWatchLogsClient({});
    const groups = logGroups.map(({ name }) => name);
    const pass = passOnce(onLine);
    const startedAt = clock.now().getTime();
    while (!signal.aborted) {
      const since = Math.max(startedAt, clock.now().getTime() - LOOK_BACK_MILLISECONDS);
      for (const event of await readSince(client, groups, since)) pass(event);
      await pause(pollMilliseconds, undefined, { signal }).catch(() => {});
    }
  };
}

/** Passes each event on once. It forgets events that are too old for any poll to find again. */
function passOnce(onLine: (text: string) => void): (event: FilteredLogEvent) => void {
  const passed = new Map<string, number>();
  return ({ eventId = '', timestamp = 0, message = '' }) => {
    if (passed.has(eventId)) return;
    passed.set(eventId, timestamp);
    for (const [id, at] of passed) if (at < timestamp - 2 * LOOK_BACK_MILLISECONDS) passed.delete(id);
    onLine(message);
  };
}

async function readSince(
  client: CloudWatchLogsClient,
  groups: readonly string[],
  startTime: number,
): Promise<readonly FilteredLogEvent[]> {
  const events: FilteredLogEvent[] = [];
  for (const logGroupName of groups) {
    const pages = paginateFilterLogEvents({ client }, { logGroupName, startTime });
    for await (const page of pages) events.push(...(page.events ?? []));
  }
  return events.toSorted((one, other) => (one.timestamp ?? 0) - (other.timestamp ?? 0));
}
