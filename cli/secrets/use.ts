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
import type { SlotTrace } from './kind.ts';

/** How often one value of a secret was used, and when last; slot 0 is the newest. */
export type SlotUse = { readonly slot: number; readonly count: number; readonly lastAt: Date };

/** Reads from the log which slots were used from a time on. */
export type ReadSlotUse = (trace: SlotTrace, since: Date) => Promise<readonly SlotUse[]>;

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
 * From when on a slot means what it means now: until every function has read the secret anew, slot 0 may be the value
 * that is the old one now.
 */
export function traceableFrom(changedAt: Date): Date {
  return new Date(changedAt.getTime() + CACHE_MILLISECONDS);
}

/** Judges whether the old values of a secret can go. */
export function judgeRotation(
  { values, changedAt }: { readonly values: number; readonly changedAt: Date },
  uses: readonly SlotUse[],
  now: Date,
): Verdict {
  if (values <= 1) return { kind: 'single' };
  const quiet = QUIET_HOURS * 3_600_000;
  const lastAt = lastOf(uses.filter(({ slot }) => slot > 0));
  if (lastAt !== undefined && now.getTime() - lastAt.getTime() < quiet) return { kind: 'old-used', lastAt };
  if (!uses.some(({ slot }) => slot === 0)) return { kind: 'newest-unused' };
  const freeAt = new Date(traceableFrom(changedAt).getTime() + quiet);
  return now < freeAt ? { kind: 'too-early', freeAt } : { kind: 'free', lastAt };
}

function lastOf(uses: readonly SlotUse[]): Date | undefined {
  if (uses.length === 0) return undefined;
  return new Date(Math.max(...uses.map(({ lastAt }) => lastAt.getTime())));
}

const lineSchema = z.object({
  _aws: z.object({ Timestamp: z.number() }),
  stage: z.string(),
  source: z.string().optional(),
  outcome: z.string().optional(),
  secretSlot: z.coerce.number().int().optional(),
  keySlot: z.enum(['primary', 'secondary']).optional(),
});

/** Slots by what the local run remembers of its functions' log. */
export function slotUseOfLocalRun(url: string): ReadSlotUse {
  return async (trace, since) => {
    const answer = await fetch(`${url}/logs/past`, { signal: AbortSignal.timeout(10_000) });
    return countSlots((await answer.text()).split('\n'), trace, since);
  };
}

/** Counts the slots that log lines tell of, from a time on. */
export function countSlots(lines: readonly string[], trace: SlotTrace, since: Date): readonly SlotUse[] {
  const uses = new Map<number, SlotUse>();
  for (const text of lines) {
    const found = readSlot(text, trace);
    if (found === undefined || found.at < since) continue;
    const { slot, at } = found;
    const before = uses.get(slot) ?? { slot, count: 0, lastAt: at };
    uses.set(slot, { slot, count: before.count + 1, lastAt: later(at, before.lastAt) });
  }
  return [...uses.values()].toSorted((one, other) => one.slot - other.slot);
}

function later(one: Date, other: Date): Date {
  return new Date(Math.max(one.getTime(), other.getTime()));
}

function readSlot(
  text: string,
  { stage, source }: SlotTrace,
): { readonly slot: number; readonly at: Date } | undefined {
  const line = lineSchema.safeParse(parseJson(text)).data;
  if (line === undefined || line.stage !== stage) return undefined;
  if (source !== undefined && line.source !== source) return undefined;
  const slot = stage === 'ingest' ? line.secretSlot : slotOfKey(line);
  return slot === undefined ? undefined : { slot, at: new Date(line._aws.Timestamp) };
}

/** A key counts where its call was accepted: one that was refused proves nothing. */
function slotOfKey({ outcome, keySlot }: z.infer<typeof lineSchema>): number | undefined {
  if (outcome !== 'delivered' || keySlot === undefined) return undefined;
  return keySlot === 'primary' ? 0 : 1;
}

/** A query over a month of many webhooks takes seconds; one that takes so long does not end. */
const MOST_SECONDS = 120;

/**
 * Slots by the log of a stack on AWS. Logs Insights counts where the lines are: the metric of the same name has neither
 * the stack nor the moment, and reading all lines would take minutes.
 */
export function slotUseOfStack(stackName: string, pollMilliseconds = 1_000): ReadSlotUse {
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
  throw new Error('CloudWatch Logs did not answer the query about which slot was used.');
}

const ENDED_IN_VAIN = ['Failed', 'Cancelled', 'Timeout'];

function queryOf({ stage, source }: SlotTrace): string {
  const [slot, filter] =
    stage === 'ingest'
      ? ['secretSlot', `source = "${source}" and ispresent(secretSlot)`]
      : ['keySlot', 'outcome = "delivered" and ispresent(keySlot)'];
  return `filter stage = "${stage}" and ${filter} | stats count(*) as uses, max(@timestamp) as lastAt by ${slot}`;
}

/** `max(@timestamp)` comes in milliseconds, or as text in UTC without saying so. */
function readRow(row: readonly ResultField[]): readonly SlotUse[] {
  const {
    secretSlot,
    keySlot,
    uses,
    lastAt = '',
  } = Object.fromEntries(row.map(({ field, value }) => [field ?? '', value]));
  const slot = keySlot === undefined ? Number(secretSlot) : keySlot === 'primary' ? 0 : 1;
  const at = /^\d+(\.\d+)?$/.test(lastAt)
    ? new Date(Number(lastAt))
    : new Date(`${lastAt.replace(' ', 'T')}Z`);
  return Number.isInteger(slot) && !Number.isNaN(at.getTime())
    ? [{ slot, count: Number(uses), lastAt: at }]
    : [];
}
