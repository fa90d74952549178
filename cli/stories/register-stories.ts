import type { Command } from 'commander';
import { PROJECT, projectOf } from '../../answers/project.ts';
import { example, jsonOption, portOption, run, stackOption } from '../command-line.ts';
import { explainWebhook } from './explain.ts';
import { tail } from './tail.ts';

/** The commands that tell what happened, and what happens. */
export function registerStories(program: Command): void {
  program
    .command('explain')
    .description("tell one webhook's whole story: did she get the message, and if not, why?")
    .argument('<id>', "the vendor's id of it, our own (webhookId), or Webex Campaign's transaction id")
    .option('--source <name>', 'whose id it is (default: any)')
    .addOption(stackOption())
    .addOption(portOption())
    .addOption(jsonOption())
    .addHelpText('after', example('explain evt_1PqR8sLkdIwHu7ix', 'explain event_12345676543210'))
    .action((id, options) => run(() => explainWebhook(projectOf(PROJECT, options), { id, ...options })));

  program
    .command('tail')
    .description('show what happens as it happens, a line each, until Ctrl-C')
    .addOption(stackOption())
    .addOption(portOption())
    .option('--json', 'print the log lines as they are')
    .addHelpText('after', example('tail', 'tail --stack webhook-adapter-dev'))
    .action((options) => run(() => tail(options)));
}
