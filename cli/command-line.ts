import { createInterface } from 'node:readline/promises';
import { InvalidArgumentError, Option } from 'commander';
import { INVOCATION } from '../lib/config/invocation.ts';

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

/** Asks a person; only where there is one. */
export type Ask = (question: string) => Promise<boolean>;

type Terminal<Stream> = Stream & { readonly isTTY?: boolean };

/**
 * Asks with `output`, which is stderr, so that what a program reads stays clean; nobody is asked where nobody sits. Only
 * "y" and "yes" are a yes.
 */
export function askAtTerminal(
  input: Terminal<NodeJS.ReadableStream>,
  output: Terminal<NodeJS.WritableStream>,
): Ask | undefined {
  if (input.isTTY !== true || output.isTTY !== true) return undefined;
  return async (question) => {
    const terminal = createInterface({ input, output });
    const answer = await terminal.question(question);
    terminal.close();
    return /^y(es)?$/i.test(answer.trim());
  };
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Reads a duration such as `30m` or `3d`, in seconds. */
export function readDuration(text: string): number {
  const { count, unit = '' } = /^(?<count>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  const seconds = UNIT_SECONDS[unit];
  if (seconds === undefined) throw new InvalidArgumentError('expected a duration: 45s, 30m, 2h or 3d');
  return Number(count) * seconds;
}

/** Says for how long something has been, in its largest unit. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [unit, size] = Object.entries(UNIT_SECONDS).findLast(([, size]) => whole >= size) ?? ['s', 1];
  return `${Math.floor(whole / size)} ${unit === 'm' ? 'min' : unit}`;
}
