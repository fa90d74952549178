import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  type FilteredLogEvent,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';

/** Gives log lines as they come, until the signal says to end. */
type FollowLogs = (onLine: (text: string) => void, signal: AbortSignal) => Promise<void>;

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

const POLL_MILLISECONDS = 2_000;

/** Lines come up late and out of order: each poll looks back, and what was told already is left out. */
const LOOK_BACK_MILLISECONDS = 30_000;

/**
 * Follows the log groups of a stack on AWS by polling `FilterLogEvents`, which costs nothing beyond the request and needs
 * no more than the permission to read; a live tail is paid for by the minute.
 */
export function followCloudWatch(stackName: string, pollMilliseconds = POLL_MILLISECONDS): FollowLogs {
  return async (onLine, signal) => {
    const client = new CloudWatchLogsClient({});
    const groups = await findLogGroups(client, stackName);
    if (groups.length === 0) {
      throw new Error(`Stack ${stackName} has no log groups of its functions in this account and region.`);
    }
    const formatNew = noteReported(onLine);
    const startedAt = Date.now();
    while (!signal.aborted) {
      const since = Math.max(startedAt, Date.now() - LOOK_BACK_MILLISECONDS);
      for (const event of await readSince(client, groups, since)) formatNew(event);
      await pause(pollMilliseconds, undefined, { signal }).catch(() => {});
    }
  };
}

/** Tells each event once. What is older than any poll looks back is forgotten. */
function noteReported(onLine: (text: string) => void): (event: FilteredLogEvent) => void {
  const told = new Map<string, number>();
  return ({ eventId = '', timestamp = 0, message = '' }) => {
    if (told.has(eventId)) return;
    told.set(eventId, timestamp);
    for (const [id, at] of told) if (at < timestamp - 2 * LOOK_BACK_MILLISECONDS) told.delete(id);
    onLine(message);
  };
}

/** CloudFormation names a group after the stack and its logical id, which has no hyphen in it. */
export async function findLogGroups(
  client: CloudWatchLogsClient,
  stackName: string,
): Promise<readonly string[]> {
  const names: string[] = [];
  const pages = paginateDescribeLogGroups({ client }, { logGroupNamePrefix: `${stackName}-` });
  for await (const { logGroups = [] } of pages) {
    names.push(...logGroups.flatMap(({ logGroupName }) => logGroupName ?? []));
  }
  return names.filter((name) =>
    /^[A-Za-z0-9]*FunctionLogs[A-Za-z0-9]*-[A-Za-z0-9]+$/.test(name.slice(stackName.length + 1)),
  );
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
