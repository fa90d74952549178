import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  GetQueryResultsCommand,
  type ResultField,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { CACHE_MILLISECONDS } from '../../lambdas/adapters/secrets-manager.ts';
import { parseJson } from '../../lambdas/parse-json.ts';
import { findLogGroups } from '../stories/follow-logs.ts';
import type { SecretTrace } from './kind.ts';

/** How often one value of a secret was used, and when last; index 0 is the newest. */
export type SecretUse = { readonly index: number; readonly count: number; readonly lastAt: Date };

/** Reads from the log which indexes were used from a time on. */
export type ReadSecretUse = (trace: SecretTrace, since: Date) => Promise<readonly SecretUse[]>;

/** An old value has to have been silent for so long before it can go: vendors repeat for hours what was not taken. */
export const QUIET_HOURS = 24;

/** What the log says of a rotation. */
export type Verdict =
  /** There is one value: nothing is rotating. */
  | { readonly kind: 'single' }
  /** The old one was used, at last then. */
  | { readonly kind: 'old-used'; readonly lastAt: Date }
  /** Nothing has shown yet that the newest works. */
  | { readonly kind: 'newest-unused' }
  /** All is well so far, but not for long enough. */
  | { readonly kind: 'too-early'; readonly freeAt: Date }
  /** The old one can go; it was last used then, if ever since the rotation. */
  | { readonly kind: 'free'; readonly lastAt: Date | undefined };

/**
 * From when on an index means what it means now: until every function has read the secret anew, index 0 may be the value
 * that is the old one now.
 */
export function traceableFrom(changedAt: Date): Date {
  return new Date(changedAt.getTime() + CACHE_MILLISECONDS);
}

/** Judges whether the old values of a secret can go. */
export function judgeRotation(
  { values, changedAt }: { readonly values: number; readonly changedAt: Date },
  uses: readonly SecretUse[],
  now: Date,
): Verdict {
  if (values <= 1) return { kind: 'single' };
  const quiet = QUIET_HOURS * 3_600_000;
  const lastAt = lastOf(uses.filter(({ index }) => index > 0));
  if (lastAt !== undefined && now.getTime() - lastAt.getTime() < quiet) return { kind: 'old-used', lastAt };
  if (!uses.some(({ index }) => index === 0)) return { kind: 'newest-unused' };
  const freeAt = new Date(traceableFrom(changedAt).getTime() + quiet);
  return now < freeAt ? { kind: 'too-early', freeAt } : { kind: 'free', lastAt };
}

function lastOf(uses: readonly SecretUse[]): Date | undefined {
  if (uses.length === 0) return undefined;
  return new Date(Math.max(...uses.map(({ lastAt }) => lastAt.getTime())));
}

const lineSchema = z.object({
  _aws: z.object({ Timestamp: z.number() }),
  stage: z.string(),
  source: z.string().optional(),
  outcome: z.string().optional(),
  secretIndex: z.coerce.number().int().optional(),
  keyUsed: z.enum(['primary', 'secondary']).optional(),
});

/** Uses by what the local run remembers of its functions' log. */
export function secretUseOfLocalRun(url: string): ReadSecretUse {
  return async (trace, since) => {
    const answer = await fetch(`${url}/logs/past`, { signal: AbortSignal.timeout(10_000) });
    return countUses((await answer.text()).split('\n'), trace, since);
  };
}

/** Counts the indexes that log lines tell of, from a time on. */
export function countUses(lines: readonly string[], trace: SecretTrace, since: Date): readonly SecretUse[] {
  const uses = new Map<number, SecretUse>();
  for (const text of lines) {
    const found = readIndex(text, trace);
    if (found === undefined || found.at < since) continue;
    const { index, at } = found;
    const before = uses.get(index) ?? { index, count: 0, lastAt: at };
    uses.set(index, { index, count: before.count + 1, lastAt: later(at, before.lastAt) });
  }
  return [...uses.values()].toSorted((one, other) => one.index - other.index);
}

function later(one: Date, other: Date): Date {
  return new Date(Math.max(one.getTime(), other.getTime()));
}

function readIndex(
  text: string,
  { stage, source }: SecretTrace,
): { readonly index: number; readonly at: Date } | undefined {
  const line = lineSchema.safeParse(parseJson(text)).data;
  if (line === undefined || line.stage !== stage) return undefined;
  if (source !== undefined && line.source !== source) return undefined;
  const index = stage === 'ingest' ? line.secretIndex : indexOfKey(line);
  return index === undefined ? undefined : { index, at: new Date(line._aws.Timestamp) };
}

/** A key counts where its call was accepted: one that was refused proves nothing. */
function indexOfKey({ outcome, keyUsed }: z.infer<typeof lineSchema>): number | undefined {
  if (outcome !== 'delivered' || keyUsed === undefined) return undefined;
  return keyUsed === 'primary' ? 0 : 1;
}

/** A query over a month of many webhooks takes seconds; one that takes so long does not end. */
const MOST_SECONDS = 120;

/**
 * Uses by the log of a stack on AWS. Logs Insights counts where the lines are: the metric of the same name has neither
 * the stack nor the moment, and reading all lines would take minutes.
 */
export function secretUseOfStack(stackName: string, pollMilliseconds = 1_000): ReadSecretUse {
  return async (trace, since) => {
    const client = new CloudWatchLogsClient({});
    const groups = await findLogGroups(client, stackName);
    if (groups.length === 0) {
      throw new Error(`Stack ${stackName} has no log groups of its functions in this account and region.`);
    }
    const { queryId } = await client.send(
      new StartQueryCommand({
        logGroupNames: [...groups],
        startTime: Math.floor(since.getTime() / 1000),
        endTime: Math.ceil(Date.now() / 1000),
        queryString: queryOf(trace),
      }),
    );
    return (await resultsOf(client, queryId, pollMilliseconds)).flatMap(readRow);
  };
}

async function resultsOf(
  client: CloudWatchLogsClient,
  queryId: string | undefined,
  pollMilliseconds: number,
): Promise<readonly (readonly ResultField[])[]> {
  for (let waited = 0; waited < MOST_SECONDS * 1000; waited += pollMilliseconds) {
    const { status = '', results = [] } = await client.send(new GetQueryResultsCommand({ queryId }));
    if (status === 'Complete') return results;
    if (ENDED_IN_VAIN.includes(status)) break;
    await pause(pollMilliseconds);
  }
  throw new Error('CloudWatch Logs did not answer the query about which index was used.');
}

const ENDED_IN_VAIN = ['Failed', 'Cancelled', 'Timeout'];

function queryOf({ stage, source }: SecretTrace): string {
  const [index, filter] =
    stage === 'ingest'
      ? ['secretIndex', `source = "${source}" and ispresent(secretIndex)`]
      : ['keyUsed', 'outcome = "delivered" and ispresent(keyUsed)'];
  return `filter stage = "${stage}" and ${filter} | stats count(*) as uses, max(@timestamp) as lastAt by ${index}`;
}

/** `max(@timestamp)` comes in milliseconds, or as text in UTC without saying so. */
function readRow(row: readonly ResultField[]): readonly SecretUse[] {
  const {
    secretIndex,
    keyUsed,
    uses,
    lastAt = '',
  } = Object.fromEntries(row.map(({ field, value }) => [field ?? '', value]));
  const index = keyUsed === undefined ? Number(secretIndex) : keyUsed === 'primary' ? 0 : 1;
  const at = /^\d+(\.\d+)?$/.test(lastAt)
    ? new Date(Number(lastAt))
    : new Date(`${lastAt.replace(' ', 'T')}Z`);
  return Number.isInteger(index) && !Number.isNaN(at.getTime())
    ? [{ index, count: Number(uses), lastAt: at }]
    : [];
}
