import type { Command } from 'commander';
import { example, jsonOption, run } from './command-line.ts';
import { explainMapping } from './explain-mapping.ts';
import { mapCommand } from './map-webhook.ts';
import { PROJECT, projectOf } from './project.ts';
import { validate } from './validate.ts';
import { watch } from './watch.ts';

/** The commands about mappings. */
export function registerMappings(program: Command): void {
  program
    .command('map')
    .description('show what a webhook becomes, event by event, without sending anything')
    .option('--mapping <name>', 'the mapping folder')
    .option('--body <file>', "the webhook's body")
    .option('--headers <file>', 'its headers: a JSON object, or lines of "Name: value"')
    .option('--example <name>', 'an example in the place of these: stripe/payment-failed')
    .option('--accept', 'record what the example becomes as what it is expected to become')
    .option('--stage <name>', 'whose mappings and event ids to take (default: the first of stages.yaml)')
    .option('--watch', 'show it again whenever a file is saved')
    .addOption(jsonOption())
    .addHelpText('after', example('map --example stripe/payment-failed'))
    .action((options) => {
      const project = projectOf(PROJECT, options);
      const map = () => run(() => mapCommand(project, options));
      return options.watch === true ? watch(project, options, map) : map();
    });

  program
    .command('explain-mapping')
    .description('say in plain English what becomes of the webhooks of a source')
    .argument('<name>', 'the mapping folder')
    .option('--stage <name>', 'whose mappings and event ids to show (default: the first of stages.yaml)')
    .addHelpText('after', example('explain-mapping stripe'))
    .action((name, options) =>
      run(async () => explainMapping(projectOf(PROJECT, options), { name, ...options })),
    );

  program
    .command('validate')
    .description('check all mapping folders and their examples, as a synth does')
    .addOption(jsonOption())
    .addHelpText('after', example('validate'))
    .action((options) => run(() => validate(PROJECT, options)));
}
