import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { fail, type Result, succeed } from '../../lambdas/result.ts';

/** How a person wants it rehearsed. */
export type RehearseOptions = {
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
export function readRehearseOptions(
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
