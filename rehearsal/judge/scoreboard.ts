import { styleText } from 'node:util';

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
