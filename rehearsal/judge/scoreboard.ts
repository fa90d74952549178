import { styleText } from 'node:util';
import * as z from 'zod';
import { countLines } from '../../answers/report/log-counts.ts';
import { type Counts, reportOf, type SourceReport, sumOf } from '../../answers/report/numbers.ts';
import { parseJson } from '../../lambdas/result.ts';

/** What a rehearsal has come to. Counts are of campaign events where nothing else is said. */
export type Scoreboard = {
  readonly ok: boolean;
  readonly seed: number;
  /** Of the script: equal for equal scripts. */
  readonly script: string;
  readonly webhooks: number;
  /** Requests at ingest, copies and repetitions included. */
  readonly requests: number;
  readonly events: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Accepted again after an unclear answer, as `on-unconfirmed: retry` has it. */
  readonly repeated: number;
  readonly sentThoughParked: number;
  readonly deadLettered: Readonly<Record<string, number>>;
  readonly expired: number;
  readonly skipped: number;
  readonly ignored: number;
  readonly waiting: number;
  /** Requests that were not taken, by code. */
  readonly refusedAtIngest: Readonly<Record<string, number>>;
  /** Parked, or repeated, for a crash or an outage that the script did not mean for them. */
  readonly collateral: number;
  /** Where a key, a secret or an event key was seen. */
  readonly leaks: readonly string[];
  /** What of the mappings, or of the faults, could not be rehearsed, and why. */
  readonly notRehearsed: readonly string[];
  /** What is not as it should be, in sentences. */
  readonly wrong: readonly string[];
  readonly longestDelaySeconds: number;
  readonly seconds: number;
};

/** A scoreboard for a person. Colour only where the terminal wants it. */
export function formatScoreboard(score: Scoreboard): string {
  const deadLetters = Object.values(score.deadLettered).reduce((sum, count) => sum + count, 0);
  return [
    styleText('bold', `Rehearsal with seed ${score.seed}, script ${score.script}`),
    formatCount('sent', score.webhooks, `webhooks, in ${score.requests} requests`),
    formatCount('events', score.events, 'that these webhooks are about'),
    formatCount('delivered', score.delivered, `the latest after ${score.longestDelaySeconds} s`),
    formatBad('lost', score.lost),
    formatBad('duplicated', score.duplicated),
    formatCount('repeated', score.repeated, 'times, as "on-unconfirmed: retry" has it'),
    formatBad('sent though parked', score.sentThoughParked),
    formatCount('dead-lettered', deadLetters),
    ...formatCodes(score.deadLettered),
    formatCount('expired', score.expired),
    formatCount('skipped', score.skipped, 'since "when" was not met'),
    formatCount('ignored', score.ignored, 'since no mapping wants their type'),
    formatBad('still waiting', score.waiting),
    formatCount(
      'refused',
      Object.values(score.refusedAtIngest).reduce((sum, count) => sum + count, 0),
      'requests at ingest',
    ),
    ...formatCodes(score.refusedAtIngest),
    formatCount('collateral', score.collateral, 'unconfirmed for a crash or an outage'),
    ...formatNotRehearsed(score.notRehearsed),
    ...score.wrong.slice(0, 20).map((sentence) => styleText('red', `  ${sentence}`)),
    ...(score.wrong.length > 20 ? [`  … and ${score.wrong.length - 20} more`] : []),
    score.ok
      ? styleText('green', `All is accounted for, in ${score.seconds} s.`)
      : styleText('red', `Not all is as it should be. It took ${score.seconds} s.`),
  ].join('\n');
}

function formatNotRehearsed(sentences: readonly string[]): readonly string[] {
  if (sentences.length === 0) return [];
  return [
    styleText('yellow', formatCount('NOT REHEARSED', sentences.length)),
    ...sentences.map((sentence) => styleText('yellow', `    ${sentence}`)),
  ];
}

function formatCount(name: string, count: number, rest = ''): string {
  return `  ${name.padEnd(20)}${String(count).padStart(6)}  ${styleText('dim', rest)}`.trimEnd();
}

function formatBad(name: string, count: number): string {
  return styleText(count === 0 ? 'green' : 'red', formatCount(name, count));
}

function formatCodes(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).map(
    ([code, count]) => `${' '.repeat(24)}${String(count).padStart(6)}  ${code}`,
  );
}

/** All that is ever logged. */
const ALWAYS = { since: new Date(0), until: new Date(8.64e15) };

/**
 * Compares the scoreboard, which goes by what Webex Campaign and the vendors saw, with the report that `adapter report` makes
 * of the log. Returns a sentence for every number that differs. A worker that is killed takes along lines that it has not
 * written: what only the lines about copies know of may be missing from the report.
 */
export function compareWithReport(score: Scoreboard, lines: readonly string[]): readonly string[] {
  // In the middle of the run an event has another name.
  const renamed = lines.map((line) => line.replace('"event":"welcomed"', '"event":"greeted"'));
  const named = withoutReplayed(renamed);
  const { sources } = reportOf(ALWAYS, countLines(named, ALWAYS), []);
  const copies = countOnlyCopies(named);
  const unheard = sumOf(clientsOnly(score.refusedAtIngest));
  return [
    ...compare(eventsOf(score), eventsIn(sources), (name) => [0, copies[name] ?? copies.failed ?? 0]),
    ...compare(requestsOf(score), requestsIn(sources), () => [-unheard, unheard]),
  ];
}

/** @param allow by how much a number of the scoreboard may be above the report's: from, to */
function compare(
  scored: Counts,
  reported: Counts,
  allow: (name: string) => readonly [from: number, to: number],
): readonly string[] {
  const names = [...new Set([...Object.keys(scored), ...Object.keys(reported)])];
  return names.flatMap((name) => {
    const [ours, theirs] = [scored[name] ?? 0, reported[name] ?? 0];
    const [from, to] = allow(name);
    if (ours - theirs >= from && ours - theirs <= to) return [];
    return [`the report of the log has ${theirs} ${name}, the scoreboard ${ours}`];
  });
}

const lineSchema = z.object({
  outcome: z.enum(['delivered', 'skipped', 'expired', 'dead-letter', 'duplicate']),
  code: z.string(),
  source: z.string(),
  event: z.string().optional(),
  item: z.number().optional(),
  deduplicationId: z.string(),
});

function readLine(text: string): z.infer<typeof lineSchema> | undefined {
  return lineSchema.safeParse(parseJson(text)).data;
}

/**
 * Leaves out the lines about webhooks that were dead-lettered as a whole, where their events have ended since: the report has
 * both numbers, of webhooks and of events, and the scoreboard has events.
 */
function withoutReplayed(lines: readonly string[]): readonly string[] {
  const idOf = ({ source, deduplicationId }: z.infer<typeof lineSchema>) => `${source}#${deduplicationId}`;
  const read = lines.map((text) => ({ text, line: readLine(text) }));
  const ended = new Set(read.flatMap(({ line }) => (line?.event === undefined ? [] : [idOf(line)])));
  return read
    .filter(({ line }) => line === undefined || line.event !== undefined || !ended.has(idOf(line)))
    .map(({ text }) => text);
}

const NAME_OF: Readonly<Record<string, string>> = {
  'already-delivered': 'delivered',
  'already-expired': 'expired',
  'already-unconfirmed': 'unconfirmed',
  'already-failed': 'failed',
};

/** Events whose end only a copy of them tells, by the end that the ledger had for it. */
function countOnlyCopies(lines: readonly string[]): Counts {
  const read = lines.flatMap((text) => readLine(text) ?? []);
  const events = Map.groupBy(read, ({ source, event, item, deduplicationId }) =>
    JSON.stringify([source, event, item, deduplicationId]),
  );
  return addUp(
    [...events.values()]
      .filter((own) => own.every(({ outcome }) => outcome === 'duplicate'))
      .flatMap(([first]) => {
        const name = NAME_OF[first?.code ?? ''];
        return name === undefined ? [] : [{ [name]: 1 }];
      }),
  );
}

function eventsOf({ delivered, expired, skipped, deadLettered }: Scoreboard): Counts {
  return { delivered, expired, skipped, ...deadLettered };
}

function eventsIn(sources: readonly SourceReport[]): Counts {
  const whole = sources.map(({ unopened: { 'message-unreadable': _, ...others } }) => others);
  const ended = sources
    .flatMap(({ messages }) => messages)
    .map(({ numbers: { all } }) => ({
      delivered: all.delivered,
      expired: all.expired,
      skipped: sumOf(all.skipped),
      unconfirmed: all.unconfirmed,
      ...all.failed,
      ...withoutDetail(all.rejected),
    }));
  return addUp([...whole, ...ended]);
}

/** By code alone, which stands before the colon. */
function withoutDetail(rejected: Counts): Counts {
  return addUp(Object.entries(rejected).map(([reason, count]) => ({ [reason.split(':')[0] ?? '']: count })));
}

function requestsOf({ requests, refusedAtIngest }: Scoreboard): Counts {
  return { requests: requests - sumOf(clientsOnly(refusedAtIngest)), ...withoutClients(refusedAtIngest) };
}

function requestsIn(sources: readonly SourceReport[]): Counts {
  const all = sources.map(({ requests }) => requests.all);
  const refused = addUp(all.map((one) => one.refused));
  return { requests: sumOf(refused) + all.reduce((sum, { webhooks }) => sum + webhooks, 0), ...refused };
}

/** Codes that a sender has for what ingest never answered. */
function clientsOnly(refused: Counts): Counts {
  return Object.fromEntries(Object.entries(refused).filter(([code]) => /^(no-answer$|http-)/.test(code)));
}

function withoutClients(refused: Counts): Counts {
  const unheard = Object.keys(clientsOnly(refused));
  return Object.fromEntries(Object.entries(refused).filter(([code]) => !unheard.includes(code)));
}

function addUp(all: readonly Counts[]): Counts {
  const sums: Record<string, number> = {};
  for (const [name, count] of all.flatMap((one) => Object.entries(one))) {
    sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
