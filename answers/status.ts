import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { parseJson } from '../lambdas/result.ts';
import { checkStage } from '../lib/mapping/contract-check.ts';
import type { MappingFile } from '../lib/mapping/file.ts';
import { ADVICE, isWaitingCode, WAITING } from './advice.ts';
import { readDeadLetters } from './dead-letters/dead-letter.ts';
import type { DeadLetterReason } from './dead-letters/letter-events.ts';
import { countHeld, openBuffer } from './dead-letters/queue.ts';
import { formatPause, type Pause, readPauses } from './pause.ts';
import type { Account } from './project.ts';
import { readPastLines, runQuery } from './report/function-logs.ts';

/** How one part of an adapter stands. Something for a person to do has a `todo`. */
export type StatusLine = {
  readonly part:
    | 'endpoint'
    | 'paused'
    | 'buffer'
    | 'keys'
    | 'last hour'
    | 'waiting'
    | 'dead letters'
    | 'definitions';
  readonly state: string;
  readonly todo?: string;
};

/** What became of events in the last hour, by outcome and code, and the key that was used. */
type HourRow = {
  readonly outcome: string;
  readonly code: string;
  readonly keyUsed?: string;
  readonly count: number;
};

/**
 * How an adapter stands, part by part: what is paused, what waits, what the last hour's events came to, what needs a person.
 * It reads the dead letters, which hides them from others for a moment, and runs one query over the log of deliver.
 */
export async function readStatus(
  account: Account,
  { mappings, stage }: { readonly mappings: readonly MappingFile[]; readonly stage: string },
): Promise<readonly StatusLine[]> {
  const [pauses, waiting, hour, held] = [
    await readPauses(account),
    await countBuffer(account),
    await readHour(account),
    await countHeld(account),
  ];
  const deadLetters = await readDeadLetters(account);
  const codes = deadLetters.map(({ code }) => code);
  return [
    ...(account.url === undefined ? [] : [{ part: 'endpoint', state: account.url } as const]),
    lineOfPauses(pauses),
    lineOfBuffer(waiting),
    ...(hour === undefined
      ? [{ part: 'last hour', state: 'not known: the log of deliver cannot be found' } as const]
      : [lineOfKeys(hour), lineOfHour(hour), ...lineOfWaiting(hour)]),
    lineOfDeadLetters(codes, held),
    lineOfDefinitions(mappings, stage, account.clock.now()),
  ];
}

function lineOfPauses(pauses: readonly Pause[]): StatusLine {
  if (pauses.length === 0) return { part: 'paused', state: 'nothing' };
  return {
    part: 'paused',
    state: pauses.map(formatPause).join('; '),
    todo: 'resume once the reason is gone: resume SOURCE, or resume --all',
  };
}

type BufferCounts = { readonly visible: number; readonly worked: number };

async function countBuffer({ sqs, stackName }: Account): Promise<BufferCounts> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: await openBuffer(sqs, stackName),
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    worked: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

function lineOfBuffer({ visible, worked }: BufferCounts): StatusLine {
  const state = `${visible} waiting for a worker, ${worked} with a worker or put off`;
  return { part: 'buffer', state };
}

const HOUR_MILLISECONDS = 3_600_000;

/** Counted where the lines are. 0.1.0 wrote the same members. */
const QUERY =
  'filter stage = "deliver" and ispresent(outcome) | stats count(*) as n by outcome, code, keyUsed';

async function readHour(account: Account): Promise<readonly HourRow[] | undefined> {
  const until = account.clock.now();
  const since = new Date(until.getTime() - HOUR_MILLISECONDS);
  if (account.url !== undefined) return countLines(await readPastLines(account.url));
  if (account.logGroups?.ok !== true) return undefined;
  const logGroupNames = account.logGroups.value.flatMap(({ stage, name }) =>
    stage === 'deliver' ? [name] : [],
  );
  const query = { logGroupNames, since, until, queryString: QUERY };
  const { rows } = await runQuery(new CloudWatchLogsClient({}), query, 500);
  return rows.map(({ outcome = '', code = '', keyUsed, n }) => ({
    ...{ outcome, code, count: Number(n) },
    ...(keyUsed !== undefined && { keyUsed }),
  }));
}

/** The local run keeps its latest lines only: they stand for the hour. */
function countLines(lines: readonly string[]): readonly HourRow[] {
  return lines.flatMap((line) => {
    const { stage, outcome, code, keyUsed } = (parseJson(line) ?? {}) as Record<string, unknown>;
    if (stage !== 'deliver' || typeof outcome !== 'string' || typeof code !== 'string') return [];
    return [{ outcome, code, count: 1, ...(typeof keyUsed === 'string' && { keyUsed }) }];
  });
}

function sum(rows: readonly HourRow[]): number {
  return rows.reduce((total, { count }) => total + count, 0);
}

function lineOfKeys(hour: readonly HourRow[]): StatusLine {
  const refused = hour.filter(
    ({ code }) => code.endsWith('credentials-refused') || code === 'paused-credentials',
  );
  const used = new Set(hour.flatMap(({ keyUsed, outcome }) => (outcome === 'delivered' && keyUsed) || []));
  const inUse =
    used.size === 0 ? 'no key was used in the last hour' : `in use: ${[...used].toSorted().join(' and ')}`;
  if (refused.length > 0 && used.size === 0) {
    const { next } = WAITING['webex-credentials-refused'];
    return { part: 'keys', state: 'refused by Webex Campaign', todo: next };
  }
  const isSpare = used.has('secondary') && !used.has('primary');
  return {
    ...{ part: 'keys', state: inUse },
    ...(isSpare && {
      todo: 'only the secondary key works: set a new primary, secrets rotate webex-campaign',
    }),
  };
}

function lineOfHour(hour: readonly HourRow[]): StatusLine {
  const of = (outcome: string) => sum(hour.filter((row) => row.outcome === outcome));
  const state = `${of('delivered')} delivered, ${of('dead-letter')} dead-lettered, ${of('skipped')} skipped, ${of('expired')} expired`;
  return { part: 'last hour', state };
}

/** Why events waited in the last hour: an open breaker shows as `paused-…`. */
function lineOfWaiting(hour: readonly HourRow[]): readonly StatusLine[] {
  const rows = hour.filter(({ outcome, code }) => outcome === 'retry-later' && isWaitingCode(code));
  if (rows.length === 0) return [];
  const byCode = [...Map.groupBy(rows, ({ code }) => code)].map(([code, all]) => `${code} ${sum(all)}`);
  const needs = rows.flatMap(({ code }) =>
    isWaitingCode(code) && WAITING[code].who !== 'nobody' ? [WAITING[code].next] : [],
  );
  const [todo] = needs;
  return [
    { part: 'waiting', state: `tries put off: ${byCode.join(', ')}`, ...(todo !== undefined && { todo }) },
  ];
}

function lineOfDeadLetters(codes: readonly DeadLetterReason[], held: number): StatusLine {
  const more = held === 0 ? '' : `, and ${held} that somebody holds`;
  if (codes.length === 0) return { part: 'dead letters', state: `none${more}` };
  const byCode = [...Map.groupBy(codes, (code) => code)].toSorted(
    (one, other) => other[1].length - one[1].length,
  );
  const [most] = byCode;
  return {
    part: 'dead letters',
    state: `${codes.length}${more}: ${byCode.map(([code, all]) => `${code} ${all.length}`).join(', ')}`,
    ...(most !== undefined && { todo: `${most[0]}: ${ADVICE[most[0]].next.replaceAll(/\bID\b/g, '<id>')}` }),
  };
}

/** Event definitions that have ended, or end within a month. */
function lineOfDefinitions(mappings: readonly MappingFile[], stage: string, today: Date): StatusLine {
  const problems = checkStage(mappings, { stage, today, placeholders: true });
  if (problems.length === 0) return { part: 'definitions', state: 'none ends within 30 days' };
  return {
    part: 'definitions',
    state: problems.map(({ message }) => message).join(' '),
    todo: 'see webex-events.yaml',
  };
}
