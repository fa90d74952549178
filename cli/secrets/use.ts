import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import type { OfFunction } from '../../answers/deployed-stack.ts';
import { readPastLines, runQuery } from '../../answers/report/function-logs.ts';
import { CACHE_MILLISECONDS } from '../../lambdas/adapters/secrets-manager.ts';
import { parseJson } from '../../lambdas/result.ts';
import type { SecretTrace } from './kind.ts';

/** How often one value of a secret was used, and when last. Index 0 is the newest value. */
export type SecretUse = { readonly index: number; readonly count: number; readonly lastAt: Date };

/** Reads from the log which values were used since a time. */
export type ReadSecretUse = (trace: SecretTrace, since: Date) => Promise<readonly SecretUse[]>;

/** How long an old value must be unused before it can go: vendors repeat for hours what was not taken. */
export const QUIET_HOURS = 24;

/** What the log shows of a rotation. */
export type Verdict =
  /** There is one value, and no rotation. */
  | { readonly kind: 'single' }
  /** The old value is still used; the last time was then. */
  | { readonly kind: 'old-used'; readonly lastAt: Date }
  /** Nothing shows yet that the newest value works. */
  | { readonly kind: 'newest-unused' }
  /** The old value is unused, but not for long enough. */
  | { readonly kind: 'too-early'; readonly freeAt: Date }
  /** The old value can go; it was last used then, or never since the rotation. */
  | { readonly kind: 'free'; readonly lastAt: Date | undefined };

/**
 * When every function has read the changed secret. Before that, index 0 of a log line may be the value that is the old one
 * now.
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

/** Log lines of 0.1.0 name the index `secretSlot` and the key `keySlot`. */
const lineSchema = z.object({
  _aws: z.object({ Timestamp: z.number() }),
  stage: z.string(),
  source: z.string().optional(),
  outcome: z.string().optional(),
  secretIndex: z.coerce.number().int().optional(),
  secretSlot: z.coerce.number().int().optional(),
  keyUsed: z.enum(['primary', 'secondary']).optional(),
  keySlot: z.enum(['primary', 'secondary']).optional(),
});

/** Reads uses from the log that the local run keeps of its functions. */
export function secretUseOfLocalRun(url: string): ReadSecretUse {
  return async (trace, since) => countUses(await readPastLines(url), trace, since);
}

/** Counts by index how often log lines since a time name a value. */
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
  const index = stage === 'ingest' ? (line.secretIndex ?? line.secretSlot) : indexOfDelivered(line);
  return index === undefined ? undefined : { index, at: new Date(line._aws.Timestamp) };
}

/** A key counts only where its call was accepted: a refused key proves nothing. */
function indexOfDelivered({
  outcome,
  keySlot,
  keyUsed = keySlot,
}: z.infer<typeof lineSchema>): number | undefined {
  return outcome !== 'delivered' || keyUsed === undefined ? undefined : indexOfKey(keyUsed);
}

function indexOfKey(key: string): number {
  return key === 'primary' ? 0 : 1;
}

/** Reads uses from log groups on AWS. */
export function secretUseOfLogs(logGroups: readonly OfFunction[], pollMilliseconds = 1_000): ReadSecretUse {
  return async (trace, since) => {
    const client = new CloudWatchLogsClient({});
    const logGroupNames = logGroups.map(({ name }) => name);
    const query = { logGroupNames, since, until: new Date(), queryString: queryOf(trace) };
    return (await runQuery(client, query, pollMilliseconds)).rows.flatMap(readRow);
  };
}

/** Lines of 0.1.0, which has the other name of each field, stay in the log for a month. */
function queryOf({ stage, source }: SecretTrace): string {
  const [filter, now, before] =
    stage === 'ingest'
      ? [`source = "${source}"`, 'secretIndex', 'secretSlot']
      : ['outcome = "delivered"', 'keyUsed', 'keySlot'];
  return [
    `filter stage = "${stage}" and ${filter} and (ispresent(${now}) or ispresent(${before}))`,
    `fields @timestamp, coalesce(${now}, ${before}) as usedValue`,
    'stats count(*) as uses, max(@timestamp) as lastAt by usedValue',
  ].join(' | ');
}

/** `max(@timestamp)` comes in milliseconds, or as text in UTC without saying so. */
function readRow({
  usedValue = '',
  uses,
  lastAt = '',
}: Readonly<Record<string, string>>): readonly SecretUse[] {
  const index = /^\d+$/.test(usedValue) ? Number(usedValue) : indexOfKey(usedValue);
  const at = /^\d+(\.\d+)?$/.test(lastAt)
    ? new Date(Number(lastAt))
    : new Date(`${lastAt.replace(' ', 'T')}Z`);
  return usedValue === '' || Number.isNaN(at.getTime()) ? [] : [{ index, count: Number(uses), lastAt: at }];
}
