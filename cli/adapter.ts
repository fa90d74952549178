import { Command, InvalidArgumentError, Option } from 'commander';
import { listDeadLetters } from './dead-letter-list.ts';
import { examine } from './doctor.ts';
import { explainMapping } from './explain-mapping.ts';
import { mapCommand } from './map-webhook.ts';
import { PROJECT } from './project.ts';
import { type CommandResult, send } from './send.ts';
import { validate } from './validate.ts';
import { watch } from './watch.ts';

const program = new Command('adapter')
  .description('Looks after a webhook adapter: the one that "npm start" runs, or a stack on AWS (--stack).')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .showHelpAfterError();

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
  .option('--json', 'print JSON')
  .action((options) => run(() => send(PROJECT.mappings, options)));

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
  .action((options) => run(async () => examine(PROJECT.mappings, options)));

program
  .command('map')
  .description('show what a webhook becomes, event by event, without sending anything')
  .option('--mapping <name>', 'the mapping folder')
  .option('--body <file>', "the webhook's body")
  .option('--headers <file>', 'its headers: a JSON object, or lines of "Name: value"')
  .option('--example <name>', 'an example in the place of these: stripe/payment-failed')
  .option('--accept', 'record what the example becomes as what it is expected to become')
  .option('--stage <name>', 'whose event ids to take (default: the first of stages.yaml)')
  .option('--watch', 'show it again whenever a file is saved')
  .option('--json', 'print JSON')
  .action((options) =>
    options.watch === true
      ? watch(PROJECT, options, () => run(() => mapCommand(PROJECT, options)))
      : run(() => mapCommand(PROJECT, options)),
  );

program
  .command('explain-mapping')
  .description('say in plain English what becomes of the webhooks of a source')
  .argument('<name>', 'the mapping folder')
  .option('--stage <name>', 'whose event ids to show (default: the first of stages.yaml)')
  .action((name, options) => run(async () => explainMapping(PROJECT, { name, ...options })));

program
  .command('validate')
  .description('check all mapping folders and their examples, as a synth does')
  .option('--json', 'print JSON')
  .action((options) => run(() => validate(PROJECT, options)));

program
  .command('dead-letter')
  .description('what could not be delivered')
  .command('list')
  .description('show what is in the dead-letter queue, and why')
  .addOption(stackOption())
  .addOption(portOption())
  .option('--json', 'print JSON')
  .action((options) => run(() => listDeadLetters(options)));

await program.parseAsync();

/** Runs a command; what AWS refuses (no credentials, no such queue) is told in a line rather than a stack trace. */
async function run(command: () => Promise<CommandResult>): Promise<void> {
  const { text, exitCode } = await command().catch((error: unknown) => ({
    text: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    exitCode: 2,
  }));
  (exitCode === 2 ? process.stderr : process.stdout).write(`${text}\n`);
  process.exitCode = exitCode;
}

function stackOption(): Option {
  return new Option(
    '--stack <name>',
    'a stack on AWS, with the usual SDK credentials (default: the local run)',
  );
}

function portOption(): Option {
  return new Option('--port <number>', 'port of the local run').env('PORT').default(8787).argParser(readPort);
}

function readSeconds(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected unix seconds');
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('expected a port, 1 to 65535');
}
