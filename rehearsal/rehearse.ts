import { styleText } from 'node:util';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import type { Scoreboard } from './judge/judge.ts';
import { type Rehearsal, startRehearsal } from './rehearsal.ts';
import { formatSoak, soak } from './soak.ts';

const options = readRehearseOptions(process.argv);
process.exitCode = options.ok ? await run(options.value) : options.failure.isMistake ? 2 : 0;

/** Rehearses as it is told to, and gives the exit code: 0 only if all is accounted for. */
async function run(options: RehearseOptions): Promise<number> {
  const onProgress = reportProgress();
  onProgress('Starting the local stack');
  const rehearsal = await startRehearsal(options.speed, options.mappings);
  if (!rehearsal.ok) {
    process.stderr.write(`${rehearsal.failure}\n`);
    return 1;
  }
  const play = options.minutes === undefined ? playOnce : playOn;
  const { ok, text } = await play(rehearsal.value, options, onProgress).finally(rehearsal.value.stop);
  process.stdout.write(`${text}\n`);
  return ok ? 0 : 1;
}

type Told = { readonly ok: boolean; readonly text: string };
type Progress = (sentence: string) => void;

async function playOnce(
  rehearsal: Rehearsal,
  { seed, events, json }: RehearseOptions,
  onProgress: Progress,
): Promise<Told> {
  const deadlineSeconds = deadlineFor(events);
  const plan = await rehearsal.plan({ seed, events });
  const score = await rehearsal.play(plan, { deadlineSeconds, onProgress });
  return { ok: score.ok, text: json ? JSON.stringify(score) : formatScoreboard(score) };
}

async function playOn(
  rehearsal: Rehearsal,
  { seed, minutes = 1, json }: RehearseOptions,
  onProgress: Progress,
): Promise<Told> {
  const report = await soak(rehearsal, { seed, minutes, deadlineSeconds: deadlineFor(200), onProgress });
  return { ok: report.ok, text: json ? JSON.stringify(report) : formatSoak(report) };
}

/** A killed worker's claims hold for 35 s, whatever the speed; beside that, a busy machine manages several a second. */
function deadlineFor(events: number): number {
  return Math.round(180 + events * 0.4);
}

/** At most a line a second, each different from the one before. */
function reportProgress(): (sentence: string) => void {
  let last = '';
  let nextAt = 0;
  return (sentence) => {
    if (sentence === last || performance.now() < nextAt) return;
    last = sentence;
    nextAt = performance.now() + 1_000;
    process.stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${sentence}\n`);
  };
}

/** How a person wants it rehearsed. */
type RehearseOptions = {
  /** How many different webhooks are sent. */
  readonly events: number;
  /** The script follows from it. */
  readonly seed: number;
  /** Every wait of the queues is so many times shorter. */
  readonly speed: number;
  readonly json: boolean;
  /** A directory of mapping folders, in the place of the rehearsal's own. */
  readonly mappings?: string;
  /** Rehearse for so long, round after round, and watch what the adapter takes meanwhile. */
  readonly minutes?: number;
};

/** Reads the flags; fails, once commander has said why, with whether that was a mistake (help is none). */
function readRehearseOptions(
  argv: readonly string[],
): Result<RehearseOptions, { readonly isMistake: boolean }> {
  const command = new Command('npm run rehearse --')
    .description('Rehearses faults on the whole local stack and judges it from the side of Webex Campaign.')
    .option('--events <number>', 'how many different webhooks are sent', within(1, 100_000), 300)
    .option('--seed <number>', 'the script follows from it: same seed, same world', within(0, 2 ** 31 - 1), 1)
    .option('--speed <number>', 'make every wait of the queues so many times shorter', within(20, 600), 120)
    .option('--mappings <directory>', 'rehearse with these mapping folders; their examples are the webhooks')
    .option('--json', 'print the scoreboard as one JSON object', false)
    .option('--minutes <number>', 'go on for so long, and watch memory and queues', within(1, 1_440))

    .exitOverride();
  try {
    return succeed(command.parse(argv).opts());
  } catch (error) {
    if (error instanceof CommanderError) return fail({ isMistake: error.exitCode !== 0 });
    throw error;
  }
}

function within(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
  };
}

/** A scoreboard for a person. Colour only where the terminal wants it. */
function formatScoreboard(score: Scoreboard): string {
  const deadLetters = Object.values(score.deadLettered).reduce((sum, count) => sum + count, 0);
  return [
    styleText('bold', `Rehearsal with seed ${score.seed}, script ${score.script}`),
    reportCount('sent', score.webhooks, `webhooks, in ${score.requests} requests`),
    reportCount('events', score.events, 'that these webhooks tell of'),
    reportCount('delivered', score.delivered, `the latest after ${score.longestDelaySeconds} s`),
    formatBad('lost', score.lost),
    formatBad('duplicated', score.duplicated),
    reportCount('repeated', score.repeated, 'times, as "on-unconfirmed: retry" has it'),
    formatBad('sent though parked', score.sentThoughParked),
    reportCount('dead-lettered', deadLetters),
    ...formatCodes(score.deadLettered),
    reportCount('expired', score.expired),
    reportCount('skipped', score.skipped, 'since "when" was not met'),
    reportCount('ignored', score.ignored, 'since no mapping wants their type'),
    formatBad('still waiting', score.waiting),
    reportCount(
      'refused',
      Object.values(score.refusedAtIngest).reduce((sum, count) => sum + count, 0),
      'requests at the door',
    ),
    ...formatCodes(score.refusedAtIngest),
    reportCount('collateral', score.collateral, 'unconfirmed for a crash or an outage'),
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
    styleText('yellow', reportCount('NOT REHEARSED', sentences.length)),
    ...sentences.map((sentence) => styleText('yellow', `    ${sentence}`)),
  ];
}

function reportCount(name: string, count: number, rest = ''): string {
  return `  ${name.padEnd(20)}${String(count).padStart(6)}  ${styleText('dim', rest)}`.trimEnd();
}

function formatBad(name: string, count: number): string {
  return styleText(count === 0 ? 'green' : 'red', reportCount(name, count));
}

function formatCodes(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).map(
    ([code, count]) => `${' '.repeat(24)}${String(count).padStart(6)}  ${code}`,
  );
}
