import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { styleText } from 'node:util';
import {
  CloudWatchLogsClient,
  type FilteredLogEvent,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Command } from 'commander';
import * as z from 'zod';
import type { OfFunction } from '../../answers/deployed-stack.ts';
import { type Account, type AccountChoice, explainClock, openAccount } from '../../answers/project.ts';
import { parseJson } from '../../lambdas/result.ts';
import { escapeUnseen, printStyled } from '../../lib/config/terminal.ts';
import {
  type CommandResult,
  example,
  interruption,
  portOption,
  refuse,
  run,
  stackOption,
} from '../command-line.ts';

type TailOptions = AccountChoice & { readonly json?: boolean | undefined };

export function registerTail(program: Command): void {
  program
    .command('tail')
    .description('show what happens as it happens, a line each, until Ctrl-C')
    .addOption(stackOption())
    .addOption(portOption())
    .option('--json', 'print the log lines as they are')
    .addHelpText('after', example('tail', 'tail --stack webhook-adapter-dev'))
    .action((options) => run(() => tail(options)));
}

/** `adapter tail`: what happens, as it happens. It ends by Ctrl-C, or with the local run. */
export async function tail(
  options: TailOptions,
  signal = interruption(),
  write: (text: string) => void = printStyled,
): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const { url = '', logGroups, clock } = account.value;
  if (logGroups?.ok === false) return refuse(logGroups.failure);
  const clocks = explainClock(account.value);
  if (clocks !== undefined && options.json !== true) write(clocks);
  const follow = logGroups === undefined ? followLocalRun(url) : followCloudWatch(logGroups.value, clock);
  const color = options.json !== true && process.stdout.isTTY === true && !process.env.NO_COLOR;
  await follow((text) => {
    const line = options.json === true ? escapeUnseen(text) : formatLogLine(text, color);
    if (line !== undefined) write(line);
  }, signal);
  return { text: '', exitCode: 0 };
}

/** What is shown of a log line of either function. */
const lineSchema = z.object({
  _aws: z.object({ Timestamp: z.number() }).optional(),
  stage: z.enum(['ingest', 'deliver']),
  code: z.string(),
  outcome: z.string().optional(),
  source: z.string().optional(),
  event: z.string().optional(),
  item: z.number().optional(),
  eventTypes: z.array(z.string()).optional(),
  deduplicationId: z.string().optional(),
  transactionId: z.string().optional(),
  answer: z.object({ status: z.number(), code: z.string().optional() }).optional(),
  attempts: z.number().optional(),
  retrySeconds: z.number().optional(),
  detail: z.string().optional(),
  cause: z.string().optional(),
});

type Line = z.infer<typeof lineSchema>;

const COLOR_OF: Readonly<Record<string, 'green' | 'yellow' | 'red' | 'dim'>> = {
  delivered: 'green',
  buffered: 'dim',
  ignored: 'dim',
  skipped: 'dim',
  duplicate: 'dim',
  'handshake-answered': 'dim',
  'retry-later': 'yellow',
  expired: 'yellow',
  'dead-letter': 'red',
};

/** A log line of ours in a person's words, coloured by its outcome. Any other text stays as it is, and Lambda's own is left out. */
export function formatLogLine(text: string, color: boolean): string | undefined {
  const line = lineSchema.safeParse(parseJson(text)).data;
  if (line === undefined) return isOfPlatform(text) ? undefined : escapeUnseen(text.trimEnd());
  const outcome = line.outcome ?? line.code;
  const plain = escapeUnseen(formatLine(line, outcome));
  return color ? styleText(COLOR_OF[outcome] ?? 'red', plain, { validateStream: false }) : plain;
}

function formatLine(line: Line, outcome: string): string {
  const { stage, code, source = '', eventTypes = [], deduplicationId = '', _aws: aws } = line;
  const time = aws === undefined ? ' '.repeat(8) : new Date(aws.Timestamp).toISOString().slice(11, 19);
  const { event, item, transactionId, answer, attempts = 0, retrySeconds, detail, cause } = line;
  const http = answer && `HTTP ${answer.status}${answer.code === undefined ? '' : `/${answer.code}`}`;
  return [
    `${time}  ${stage.padEnd(7)}`,
    outcome.padEnd(11),
    [source, event ?? eventTypes.join(','), item === undefined ? '' : `#${item}`].filter(Boolean).join(' '),
    deduplicationId,
    code === outcome ? '' : code,
    http,
    transactionId,
    attempts > 1 ? `attempt ${attempts}` : '',
    retrySeconds === undefined ? '' : `again in ${retrySeconds} s`,
    detail ?? cause,
  ]
    .filter(Boolean)
    .join('  ');
}

/** Lambda's own lines about starts, ends and reports, as JSON or as text. */
function isOfPlatform(text: string): boolean {
  return /^(START|END|REPORT|INIT_START) |"type":"platform\./.test(text);
}

/** Passes log lines on as they come, until the signal ends it. */
type FollowLogs = (onLine: (text: string) => void, signal: AbortSignal) => Promise<void>;

/** Follows the lines that the functions of the local run print, until it ends. */
function followLocalRun(url: string): FollowLogs {
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
