import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  GetQueryResultsCommand,
  type LogGroup,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { reportProgress } from '../../lib/config/progress.ts';
import type { OfFunction } from '../deployed-stack.ts';
import {
  countLines,
  type LogCounts,
  type Period,
  queriesOf,
  readRows,
  SLOTS,
  startOfSlot,
} from './log-counts.ts';

/** The lines that the local run keeps of its functions, the oldest first. */
export async function readPastLines(url: string): Promise<readonly string[]> {
  const answer = await fetch(`${url}/logs/past`, { signal: AbortSignal.timeout(10_000) });
  return (await answer.text()).split('\n').filter((line) => line !== '');
}

type NamedGroup = LogGroup & OfFunction;

/** Asks how much each log group keeps, and since when. */
async function describeLogGroups(
  client: CloudWatchLogsClient,
  named: readonly OfFunction[],
): Promise<readonly NamedGroup[]> {
  const groups: NamedGroup[] = [];
  for (const one of named) {
    const { logGroups = [] } = await client.send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: one.name }),
    );
    groups.push({ ...logGroups.find(({ logGroupName }) => logGroupName === one.name), ...one });
  }
  return groups;
}

/** A query of CloudWatch Logs Insights. Its times are rounded to whole seconds, so that nothing is left out. */
type LogQuery = {
  readonly logGroupNames: readonly string[];
  readonly since: Date;
  readonly until: Date;
  readonly queryString: string;
};

/** No query returns more. */
const MOST_ROWS = 10_000;

/** The rows of a query, by the names of their fields, and how much of the log was read for it. */
type QueryResult = {
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly scannedBytes: number;
};

/** A query over a month of many webhooks takes seconds; one that takes longer than this does not end. */
const MOST_SECONDS = 120;

const ENDED_IN_VAIN = ['Failed', 'Cancelled', 'Timeout'];

/**
 * Runs a query and waits for its end; throws where it does not come. Logs Insights counts where the lines are: reading all
 * lines here would take minutes.
 */
export async function runQuery(
  client: CloudWatchLogsClient,
  { logGroupNames, since, until, queryString }: LogQuery,
  pollMilliseconds: number,
): Promise<QueryResult> {
  const { queryId } = await client.send(
    new StartQueryCommand({
      logGroupNames: [...logGroupNames],
      startTime: Math.floor(since.getTime() / 1000),
      endTime: Math.ceil(until.getTime() / 1000),
      queryString,
      limit: MOST_ROWS,
    }),
  );
  for (let waited = 0; waited < MOST_SECONDS * 1000; waited += pollMilliseconds) {
    const result = await client.send(new GetQueryResultsCommand({ queryId }));
    const { status = '', results = [], statistics } = result;
    if (status === 'Complete') {
      const rows = results.map((row) =>
        Object.fromEntries(row.map(({ field = '', value = '' }) => [field, value])),
      );
      return { rows, scannedBytes: statistics?.bytesScanned ?? 0 };
    }
    if (ENDED_IN_VAIN.includes(status)) break;
    await pause(pollMilliseconds);
  }
  throw new Error(`CloudWatch Logs did not answer the query: ${queryString}`);
}

/** The log of a period, counted, and what a reader has to know of it. */
type CountedLog = { readonly counts: LogCounts; readonly notes: readonly string[] };

/** Where a log is: in the local run, or in log groups on AWS. */
type LogPlace = { readonly url: string } | { readonly logGroups: readonly OfFunction[] };

/**
 * Counts the log of the local run, or of an adapter on AWS.
 * @param say tells a person what the queries will cost, before they run
 */
export async function countLog(place: LogPlace, period: Period, say = reportProgress): Promise<CountedLog> {
  if ('logGroups' in place) return countGroups(place.logGroups, period, say);
  const lines = await readPastLines(place.url);
  const note = `The local run keeps its latest lines only; ${lines.length} were read.`;
  return { counts: countLines(lines, period), notes: [note] };
}

const POLL_MILLISECONDS = 1_000;

/** Counts by two queries, one over the log group of each function. */
async function countGroups(
  named: readonly OfFunction[],
  period: Period,
  say: (text: string) => void,
): Promise<CountedLog> {
  const client = new CloudWatchLogsClient({});
  const groups = await describeLogGroups(client, named);
  say(formatEstimate(groups, period));
  const run = async (stage: OfFunction['stage'], queryString: string) => {
    const logGroupNames = named.flatMap((one) => (one.stage === stage ? [one.name] : []));
    return queryInParts(client, { logGroupNames, queryString, period }, [0, SLOTS]);
  };
  const queries = queriesOf(period);
  const requests = await run('ingest', queries.requests);
  const events = await run('deliver', queries.events);
  const scanned = requests.scannedBytes + events.scannedBytes;
  return {
    counts: readRows({ requests: requests.rows, events: events.rows }),
    notes: [
      `CloudWatch Logs Insights read ${formatGigabytes(scanned)} of the log: ${formatDollars(scanned)}.`,
      ...notesOnParts(Math.max(requests.parts, events.parts)),
      ...notesOnRetention(groups, period),
    ],
  };
}

/** Runs a query over some slots of a period; where it has too many rows, over each half of them. */
async function queryInParts(
  client: CloudWatchLogsClient,
  query: Pick<LogQuery, 'logGroupNames' | 'queryString'> & { readonly period: Period },
  [from, to]: readonly [from: number, to: number],
): Promise<QueryResult & { readonly parts: number }> {
  const { period, ...asked } = query;
  const times = { since: startOfSlot(period, from), until: startOfSlot(period, to) };
  const whole = await runQuery(client, { ...asked, ...times }, POLL_MILLISECONDS);
  if (whole.rows.length < MOST_ROWS) return { ...whole, parts: 1 };
  if (to - from === 1) {
    throw new Error(
      `The log has over ${MOST_ROWS} kinds of lines in one of ${SLOTS} parts: take a shorter --since.`,
    );
  }
  const middle = Math.floor((from + to) / 2);
  const first = await queryInParts(client, query, [from, middle]);
  const second = await queryInParts(client, query, [middle, to]);
  return {
    rows: [...first.rows, ...second.rows],
    scannedBytes: whole.scannedBytes + first.scannedBytes + second.scannedBytes,
    parts: first.parts + second.parts,
  };
}

const GIGABYTE = 1_000_000_000;

/** List price of us-east-1 (aws.amazon.com/cloudwatch/pricing, looked up 2026-11-24). */
const DOLLARS_A_GIGABYTE = 0.005;

/** How much of a line is stored, by AWS's price calculator; a query reads, and is billed by, all of it. */
const STORED_SHARE = 0.15;

/** What the queries will read and cost, from what is stored and how much of the time it is of. */
function formatEstimate(groups: readonly NamedGroup[], period: Period): string {
  const stored = groups.reduce((sum, group) => sum + (group.storedBytes ?? 0) * shareOf(group, period), 0);
  const [least, most] = [stored, stored / STORED_SHARE];
  return `CloudWatch Logs Insights is about to read ${formatGigabytes(least)} to ${formatGigabytes(most)} of the log, for ${formatDollars(least)} to ${formatDollars(most)} ($${DOLLARS_A_GIGABYTE} a GB; AWS does not say how far what it stores is compressed).`;
}

/** How much of a group's time is in the period: it has lines since it was made, and for as long as it keeps them. */
function shareOf(group: NamedGroup, { since, until }: Period): number {
  const age = until.getTime() - keptSince(group, until);
  return age <= 0 ? 1 : Math.min(1, (until.getTime() - since.getTime()) / age);
}

const DAY_MILLISECONDS = 86_400_000;

/** When a group's first line can be of, in milliseconds. */
function keptSince(
  { creationTime = 0, retentionInDays = Number.POSITIVE_INFINITY }: NamedGroup,
  now: Date,
): number {
  return Math.max(creationTime, now.getTime() - retentionInDays * DAY_MILLISECONDS);
}

function formatGigabytes(bytes: number): string {
  return `${(bytes / GIGABYTE).toPrecision(2)} GB`;
}

function formatDollars(bytes: number): string {
  return `$${((bytes / GIGABYTE) * DOLLARS_A_GIGABYTE).toFixed(4)}`;
}

function notesOnParts(parts: number): readonly string[] {
  return parts === 1
    ? []
    : [
        `A query has ${MOST_ROWS} rows at most, so the log was read in ${parts} parts: an event with lines in two of them counts in both.`,
      ];
}

function notesOnRetention(groups: readonly NamedGroup[], { since, until }: Period): readonly string[] {
  const first = Math.max(...groups.map((group) => keptSince(group, until)));
  return first <= since.getTime()
    ? []
    : [`The log begins at ${new Date(first).toISOString()}: what was before is not kept.`];
}
