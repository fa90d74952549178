import type { Command } from 'commander';
import { PROJECT, projectOf } from '../../answers/project.ts';
import { example, jsonOption, portOption, refuse, run, stackOption } from '../command-line.ts';
import { finishRotation, rotateSecret } from './rotate.ts';
import { setSecret } from './set.ts';
import { formatSecrets } from './status.ts';

const NAME = 'a source, as its mapping folder is named, or webex-campaign';

/** The commands about signing secrets and keys; none of them takes a value as an argument, or shows one. */
export function registerSecrets(program: Command): void {
  const group = program.command('secrets').description('signing secrets of the sources, and the API keys');

  withAccount(group.command('set'))
    .description('give a secret its value: asked for without showing it, or from the standard input')
    .argument('<name>', NAME)
    .option('--replace', 'throw away what is there: webhooks that the old one has signed are refused')
    .addHelpText('after', example('secrets set stripe', 'secrets set webex-campaign < keys.txt'))
    .action((name, options) => run(() => setSecret(projectOf(PROJECT, options), { name, ...options })));

  withAccount(group.command('rotate'))
    .description(
      'put a new value before the old one, which stays valid; with --finish, take the old one away',
    )
    .argument('<name>', NAME)
    .option('--finish', 'take the old value away, if it was not used for 24 hours')
    .option('--force', 'with --finish: whatever the log says')
    .option('--yes', 'with --finish: do not ask')
    .addHelpText('after', example('secrets rotate stripe', 'secrets rotate stripe --finish'))
    .action((name, { finish, ...options }) =>
      run(async () => {
        if (finish === true) return finishRotation(projectOf(PROJECT, options), { name, ...options });
        if (options.force || options.yes) return refuse('--force and --yes go with --finish.');
        return rotateSecret(projectOf(PROJECT, options), { name, ...options });
      }),
    );

  withAccount(group.command('status'))
    .description(
      'show which secrets are set, which of a secret’s values is used, and whether the old one can go',
    )
    .argument('[name]', `${NAME} (default: all)`)
    .addHelpText('after', example('secrets status', 'secrets status stripe --stack webhook-adapter-dev'))
    .action((name, options) => run(() => formatSecrets(projectOf(PROJECT, options), { name, ...options })));
}

function withAccount(command: Command): Command {
  return command.addOption(stackOption()).addOption(portOption()).addOption(jsonOption());
}
