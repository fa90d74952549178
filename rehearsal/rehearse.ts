import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { formatScoreboard } from './judge/scoreboard.ts';
import { type Rehearsal, startRehearsal } from './rehearsal.ts';
import { formatSoak, soak } from './soak.ts';

const options = readRehearseOptions(process.argv);
process.exitCode = options.ok ? await run(options.value) : options.failure.isMistake ? 2 : 0;

/** Rehearses as the options say; returns the exit code: 0 only if all is accounted for. */
async function run(options: RehearseOptions): Promise<number> {
  const onProgress = reportProgress();
  onProgress('Starting the local stack');
  const rehearsal = await startRehearsal(options.speed, options.mappings);
  if (!rehearsal.ok) {
    process.stderr.write(`${rehearsal.failure}\n`);
    return 1;
  }
  const play = options.minutes === undefined ? playOnce : playRounds;
  const { ok, text } = await play(rehearsal.value, options, onProgress).finally(rehearsal.value.stop);
  process.stdout.write(`${text}\n`);
  return ok ? 0 : 1;
}

type Report = { readonly ok: boolean; readonly text: string };
type Progress = (sentence: string) => void;

async function playOnce(
  rehearsal: Rehearsal,
  { seed, events, json }: RehearseOptions,
  onProgress: Progress,
): Promise<Report> {
  const deadlineSeconds = deadlineFor(events);
  const plan = await rehearsal.plan({ seed, events });
  const score = await rehearsal.play(plan, { deadlineSeconds, onProgress });
  return { ok: score.ok, text: json ? JSON.stringify(score) : formatScoreboard(score) };
}

async function playRounds(
  rehearsal: Rehearsal,
  { seed, minutes = 1, json }: RehearseOptions,
  onProgress: Progress,
): Promise<Report> {
  const report = await soak(rehearsal, { seed, minutes, deadlineSeconds: deadlineFor(200), onProgress });
  return { ok: report.ok, text: json ? JSON.stringify(report) : formatSoak(report) };
}

/**
 * A killed worker's claims last 35 s, whatever the speed; an hour of failures takes half a minute, and so do two deploys. A
 * busy machine manages several events a second.
 */
function deadlineFor(events: number): number {
  return Math.round(240 + events * 0.4);
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
  /** How many times faster the queues' clock runs. */
  readonly speed: number;
  readonly json: boolean;
  /** A directory of mapping folders, in the place of the rehearsal's own. */
  readonly mappings?: string;
  /** Rehearse for so many minutes, round after round, and watch memory and queues meanwhile. */
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
    .option(
      '--minutes <number>',
      'rehearse for so many minutes, and watch memory and queues',
      within(1, 1_440),
    )
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
