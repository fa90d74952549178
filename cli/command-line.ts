import { InvalidArgumentError, Option } from 'commander';
import { INVOCATION } from '../lib/invocation.ts';

/** What a command prints, and the exit code it ends with. */
export type CommandResult = { readonly text: string; readonly exitCode: number };

/** Runs a command; what AWS refuses (no credentials, no such queue) is told in a line rather than a stack trace. */
export async function run(command: () => Promise<CommandResult>): Promise<void> {
  const { text, exitCode } = await command().catch((error: unknown) => ({
    text: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    exitCode: 2,
  }));
  if (text !== '') (exitCode === 2 ? process.stderr : process.stdout).write(`${text}\n`);
  process.exitCode = exitCode;
}

/** Why a command cannot be done as it was given. */
export function refuse(text: string): CommandResult {
  return { text, exitCode: 2 };
}

export function stackOption(): Option {
  return new Option(
    '--stack <name>',
    'a stack on AWS, with the usual SDK credentials (default: the local run)',
  );
}

export function portOption(): Option {
  return new Option('--port <number>', 'port of the local run').env('PORT').default(8787).argParser(readPort);
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON');
}

/** What a command is told of how to be used. */
export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${INVOCATION} ${line}`).join('\n')}`;
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('expected a port, 1 to 65535');
}
