import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { listDeadLetters } from './dead-letter-list.ts';
import { type CommandResult, send } from './send.ts';

const MAPPINGS = fileURLToPath(new URL('../mappings', import.meta.url));

const program = new Command('adapter')
  .description('Looks after a webhook adapter: the one that "npm start" runs, or a stack on AWS (--stack).')
  .showHelpAfterError();

program
  .command('send')
  .description('sign a sample as its vendor would and post it')
  .requiredOption('--source <name>', 'the source, as its mapping folder is named')
  .requiredOption('--sample <name>', 'the sample: a file of samples/payloads/<source>, or an event type')
  .option('--url <url>', 'base of the webhook URLs (default: the local run)')
  .addOption(stackOption())
  .addOption(portOption())
  .option('--json', 'print JSON')
  .action((options) => run(() => send(MAPPINGS, options)));

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

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('expected a port, 1 to 65535');
}
