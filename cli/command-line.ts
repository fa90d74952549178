import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { explainAwsError } from '../answers/aws-errors.ts';
import { nearestName } from '../lib/config/file.ts';
import { escapeLines, INVOCATION, joinLines, print } from '../lib/config/terminal.ts';

/** What a command prints, and the exit code it ends with. */
export type CommandResult = { readonly text: string; readonly exitCode: number };

/** The stack of the command that this process runs, if it is one on AWS: its errors are told with account and region. */
let stackOfCommand: string | undefined;

/**
 * A program whose commands answer a wrong option or argument with one line and the nearest name, and not with the whole help. A
 * command that is added inherits this.
 */
export function withErrorsInOneLine(program: Command): Command {
  return program
    .exitOverride(({ code, exitCode }) =>
      // The program of a command ends with what it has found; a command line that is wrong, with 2.
      process.exit(exitCode === 0 || code === 'commander.executeSubCommandAsync' ? exitCode : 2),
    )
    .configureOutput({ outputError: (text, write) => write(formatUsageError(text)) })
    .hook('preAction', (_program, command) => {
      stackOfCommand = command.opts<{ stack?: string }>().stack;
    });
}

/** Commander puts the nearest name on a line of its own. */
function formatUsageError(text: string): string {
  const [error = '', ...nearest] = explainMissingOption(text).trimEnd().split('\n');
  const isUnknown = /unknown (option|command)/.test(error);
  const more = nearest.length === 0 && isUnknown ? ['(--help lists those that there are)'] : nearest;
  return `${joinLines([[error, ...more].join(' ')])}\n`;
}

/** Commander misses a required option before it sees that the option was given with a typo. */
function explainMissingOption(text: string, args: readonly string[] = process.argv.slice(2)): string {
  const { option = '' } = /required option '(?<option>--[\w-]+)/.exec(text)?.groups ?? {};
  const typed = args.find((arg) => arg.startsWith('--') && nearestName(arg, [option]) === option);
  return typed === undefined ? text : `error: unknown option '${typed}'\n(Did you mean ${option}?)`;
}

/** Runs a command. An error of AWS (no credentials, no such queue) is told in words; any other in a line, without its stack trace. */
export async function run(command: () => Promise<CommandResult>): Promise<void> {
  const { text, exitCode } = await command().catch(async (error: unknown) =>
    refuse(await formatError(error)),
  );
  if (text !== '') print(text, exitCode === 2 ? process.stderr : process.stdout);
  process.exitCode = exitCode;
}

async function formatError(error: unknown): Promise<string> {
  const explained = stackOfCommand === undefined ? undefined : await explainAwsError(error, stackOfCommand);
  return explained ?? (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}

/** The exit code of a command that was ended by Ctrl-C: 128, and the number of the signal. */
export const INTERRUPTED = 130;

/** Ends by Ctrl-C, or when the process is asked to end. A second Ctrl-C ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** The result of a command that cannot be done as it was given. */
export function refuse(text: string): CommandResult {
  return { text, exitCode: 2 };
}

export function stackOption(): Option {
  return new Option(
    '--stack <name>',
    'an adapter on AWS or its stack, with the usual SDK credentials (default: the local run)',
  );
}

export function portOption(): Option {
  return new Option('--port <number>', 'port of the local run').env('PORT').default(8787).argParser(readPort);
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON');
}

/** Adds the options of every command that works on a stack. */
export function withAccount(command: Command): Command {
  return command.addOption(stackOption()).addOption(portOption()).addOption(jsonOption());
}

/** Examples at the end of a command's help. */
export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${INVOCATION} ${line}`).join('\n')}`;
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('expected a port, 1 to 65535');
}

/** Asks a person a question that is answered by yes or no. */
export type Ask = (question: string) => Promise<boolean>;

type Terminal<Stream> = Stream & { readonly isTTY?: boolean };

/**
 * Asks by `output`, which is stderr, so that what a program reads stays clean; `undefined` where there is no terminal. Only
 * "y" and "yes" are a yes.
 */
export function askAtTerminal(
  input: Terminal<NodeJS.ReadableStream>,
  output: Terminal<NodeJS.WritableStream>,
): Ask | undefined {
  if (input.isTTY !== true || output.isTTY !== true) return undefined;
  return async (question) => {
    const terminal = createInterface({ input, output });
    // Ctrl-C closes it: that is no yes.
    const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    const answer = await Promise.race([terminal.question(escapeLines(question)).catch(() => ''), closed]);
    terminal.close();
    return /^y(es)?$/i.test(answer.trim());
  };
}

/** `1 webhook`, `2 webhooks`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Reads a duration such as `30m` or `3d`, in seconds. */
export function readDuration(text: string): number {
  const { count, unit = '' } = /^(?<count>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  const seconds = UNIT_SECONDS[unit];
  if (seconds === undefined) throw new InvalidArgumentError('expected a duration: 45s, 30m, 2h or 3d');
  return Number(count) * seconds;
}

/** A duration in its largest whole unit: `2 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [unit, size] = Object.entries(UNIT_SECONDS).findLast(([, size]) => whole >= size) ?? ['s', 1];
  return `${Math.floor(whole / size)} ${unit === 'm' ? 'min' : unit}`;
}
