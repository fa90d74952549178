import { type Command, InvalidArgumentError } from 'commander';
import { example, jsonOption, run } from './command-line.ts';
import { tellCostOf } from './cost/cost.ts';
import { PROJECT } from './project.ts';

/** The command about money and limits. */
export function registerCost(program: Command): void {
  program
    .command('cost')
    .description(
      'reckon what a stage costs by list price, how an outage drains, and which limit is hit first',
    )
    .option('--stage <name>', 'of stages.yaml (default: the first)')
    .option('--rate <number>', 'webhooks a month', from(0), 1_000_000)
    .option('--body <kilobytes>', 'size of a body', from(0), 4)
    .option('--events-per-webhook <number>', 'campaign events that one becomes', from(1), 1)
    .option('--duplicates <percent>', 'webhooks that are copies of others', from(0, 100), 0)
    .option('--ignored <percent>', 'webhooks that no mapping wants', from(0, 100), 0)
    .option('--retention <days>', 'how long logs are kept (default: as the template has it)', from(1))
    .option('--outage <hours>', 'how long Webex Campaign does not answer', from(0), 4)
    .option('--call <milliseconds>', 'how long a call of the event API takes (default: 80)', from(1))
    .addOption(jsonOption())
    .addHelpText('after', example('cost', 'cost --rate 5000000 --body 10 --duplicates 3 --outage 12'))
    .action((options) => run(() => tellCostOf(PROJECT, options)));
}

function from(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (number >= least && number <= most) return number;
    const range = most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
    throw new InvalidArgumentError(`expected a number, ${range}`);
  };
}
