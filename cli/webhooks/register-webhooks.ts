import { type Command, InvalidArgumentError } from 'commander';
import { PROJECT, projectOf } from '../../answers/project.ts';
import { example, jsonOption, portOption, run, stackOption } from '../command-line.ts';
import { examine } from './doctor.ts';
import { send } from './send.ts';

/** The commands about webhooks and how they are signed. */
export function registerWebhooks(program: Command): void {
  program
    .command('send')
    .description('sign a sample as its vendor would and post it')
    .requiredOption('--source <name>', 'the source, as its mapping folder is named')
    .requiredOption('--sample <name>', 'the sample: a file of samples/payloads/<source>, or an event type')
    .option('--url <url>', 'the webhook URL, as the outputs of the stack have it (default: the local run)')
    .option('--tamper', 'change the body after it was signed')
    .option('--stale', 'sign with a timestamp that is too old')
    .option('--unsigned', 'send no signature')
    .addOption(stackOption())
    .addOption(portOption())
    .addOption(jsonOption())
    .addHelpText('after', example('send --source stripe --sample invoice.payment_failed'))
    .action((options) => run(() => send(projectOf(PROJECT, options).mappings, options)));

  program
    .command('doctor')
    .description('say of captured requests whether their signatures verify, and if not, why not')
    .requiredOption(
      '--request <file>',
      'JSON: a request {method, url, headers, body | bodyBase64}, or a list of them',
    )
    .option('--mapping <name>', 'verify as this mapping folder says')
    .option('--profile <name>', 'verify by this profile, or by the knobs in this file')
    .option('--secret <text...>', 'a signing secret; several are tried in turn')
    .option('--now <unix>', 'when the requests are taken to be received, in unix seconds', readSeconds)
    .option('--json', 'print a line of JSON per request')
    .addHelpText('after', example('doctor --request captured.json --mapping stripe --secret whsec_1'))
    .action((options) => run(async () => examine(PROJECT.mappings, options)));
}

function readSeconds(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected unix seconds');
}
