import { type Command, InvalidArgumentError } from 'commander';
import { PROJECT, projectOf } from '../../answers/project.ts';
import { example, jsonOption, portOption, readDuration, run, stackOption } from '../command-line.ts';
import { dropDeadLetters } from './drop.ts';
import { listDeadLetters } from './list.ts';
import { replayCommand } from './replay.ts';
import { showDeadLetter } from './show.ts';

/** The commands about what could not be delivered. */
export function registerDeadLetters(program: Command): void {
  const group = program.command('dead-letter').description('what could not be delivered');
  registerReading(group);
  registerReplay(group);
  registerDrop(group);
}

function registerReading(group: Command): void {
  withFilters(group.command('list'))
    .description('show what is in the dead-letter queue, and why')
    .addHelpText('after', example('dead-letter list --source stripe --newer-than 2h'))
    .action((options) => run(() => listDeadLetters(options)));

  withAccount(group.command('show'))
    .description('tell the story of one dead letter, and what the mapping would send now')
    .argument('<id>', 'as in the list; its beginning is enough')
    .option('--values', "show the parameters' values: they are a customer's")
    .option('--stage <name>', 'whose event ids to take (default: the stage of the stack)')
    .addHelpText('after', example('dead-letter show 1f3c9a2b'))
    .action((id, options) => run(() => showDeadLetter(projectOf(PROJECT, options), { id, ...options })));
}

function registerReplay(group: Command): void {
  withFilters(group.command('replay'))
    .description('put webhooks back on the buffer: what was delivered is never repeated')
    .argument('[ids...]', 'as in the list; their beginnings are enough')
    .option('--all', 'everything but what may have been accepted')
    .option(
      '--unconfirmed',
      'with ids: send again what may have been accepted, and may become a second message',
    )
    .option('--late', 'send it though it is older than its max-age')
    .option('--dry-run', 'say what would go back, and change nothing')
    .option('--rate <number>', 'so many a second', readRate, 10)
    .option('--by <name>', 'who wants it (default: the user of this machine)')
    .option('--stage <name>', 'whose mapping to ask for the max-age (default: the stage of the stack)')
    .addHelpText(
      'after',
      example(
        'dead-letter replay --code webex-mandatory-field-missing --dry-run',
        'dead-letter replay 1f3c9a2b',
      ),
    )
    .action((ids, options) => run(() => replayCommand(projectOf(PROJECT, options), { ids, ...options })));
}

function registerDrop(group: Command): void {
  withFilters(group.command('drop'))
    .description('take dead letters away for good; who and why is kept in the ledger')
    .argument('[ids...]', 'as in the list; their beginnings are enough')
    .requiredOption('--reason <text>', 'why: no personal data, it is kept for a month')
    .option('--all', 'everything')
    .option('--by <name>', 'who decided (default: the user of this machine)')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be dropped, and change nothing')
    .addHelpText('after', example('dead-letter drop 1f3c9a2b --reason "arrived, says Cisco"'))
    .action((ids, options) => run(() => dropDeadLetters({ ids, ...options })));
}

function withFilters(command: Command): Command {
  return withAccount(command)
    .option('--source <name>', 'of this source')
    .option('--code <code>', 'with this code')
    .option('--event <name>', 'about this event of the mapping')
    .option('--older-than <duration>', 'dead letters for longer than 45s, 30m, 2h, 3d', readDuration)
    .option('--newer-than <duration>', 'dead letters for less than that', readDuration);
}

function withAccount(command: Command): Command {
  return command.addOption(stackOption()).addOption(portOption()).addOption(jsonOption());
}

function readRate(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= 1_000) return rate;
  throw new InvalidArgumentError('expected a number above 0, 1000 at most');
}
