import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { type AccountChoice, PROJECT, type Project, projectOf } from '../../answers/project.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { escapeLines } from '../../lib/config/terminal.ts';
import {
  type Ask,
  askAtTerminal,
  type CommandResult,
  example,
  formatCount,
  refuse,
  run,
  withAccount,
} from '../command-line.ts';
import type { SecretContent, SecretKind } from './kind.ts';
import {
  activeFrom,
  formatMinute,
  knownFrom,
  type OpenSecret,
  openSecret,
  readPrevious,
  replaceStored,
  restorePrevious,
} from './stored-secret.ts';

/** What the argument of the commands about secrets may be. */
export const NAME_ARGUMENT = 'a source, as its mapping folder is named, or webex-campaign';

type SetOptions = AccountChoice & {
  readonly name: string;
  readonly replace?: boolean | undefined;
  readonly json?: boolean | undefined;
};

export function registerSet(group: Command): void {
  withAccount(group.command('set'))
    .description('give a secret its value: asked for without showing it, or from the standard input')
    .argument('<name>', NAME_ARGUMENT)
    .option('--replace', 'throw away what is there: webhooks that the old one has signed are refused')
    .addHelpText('after', example('secrets set stripe', 'secrets set webex-campaign < keys.txt'))
    .action((name, options) => run(() => setSecret(projectOf(PROJECT, options), { name, ...options })));
}

/** `adapter secrets set`: gives a secret its first value; with `--replace`, a new value in place of all that is there. */
export async function setSecret(
  project: Project,
  options: SetOptions,
  readInput: ReadSecretInput = readSecretInput,
): Promise<CommandResult> {
  const opened = await openSecret(project, options.name, options);
  if (!opened.ok) return refuse(opened.failure);
  const { kind, stored, place } = opened.value;
  const isReplaced = stored.content !== undefined || stored.problem !== undefined;
  if (isReplaced && options.replace !== true) return refuse(explainSet(opened.value));

  const input = await readInput(kind, true);
  if (!input.ok) return refuse(input.failure);
  const problem = checkInput(kind, input.value);
  if (problem !== undefined) return refuse(problem);
  const content = contentOf(kind, input.value);
  const written = await replaceStored(place, stored, kind.write(content, stored.kept));
  if (!written.ok) return refuse(written.failure);

  return formatSet(opened.value, content.values.length, { isReplaced, ...options });
}

function formatSet(
  { kind, place }: OpenSecret,
  count: number,
  { isReplaced, json, stack }: SetOptions & { readonly isReplaced: boolean },
): CommandResult {
  const from = activeFrom(kind, new Date());
  if (json === true) return { text: JSON.stringify(writtenJson(place.name, count, from)), exitCode: 0 };
  const old = isReplaced
    ? ` What was there before stops working by ${formatMinute(knownFrom(new Date()))}.`
    : '';
  const text = `${place.name}: ${formatCount(count, kind.noun)}. Active from ${formatMinute(from)}.${old}`;
  return { text: [text, ...offerCheck(kind, stack)].join('\n'), exitCode: 0 };
}

/** Whether Webex Campaign takes a key can be found out now; a vendor's signing secret shows with its first webhook. */
export function offerCheck({ noun }: SecretKind, stack: string | undefined): readonly string[] {
  const at = stack === undefined ? '' : ` --stack ${stack}`;
  return noun === 'key' ? [`Whether Webex Campaign takes it, without messaging anybody: check${at}`] : [];
}

/** A secret that was written, for machines. */
export function writtenJson(secret: string, values: number, from: Date): object {
  return { secret, values, countsFrom: from.toISOString() };
}

function explainSet({ kind, place, stored: { problem } }: OpenSecret): string {
  if (problem !== undefined)
    return `The secret "${place.name}" cannot be used as it is (${problem}). To put another in its place: --replace`;
  return (
    `The secret "${place.name}" is set already. To bring in a new ${kind.noun} beside the old: ` +
    `secrets rotate ${kind.title}. To throw away what is there at once: --replace`
  );
}

function checkInput(kind: SecretKind, { value, second }: SecretInput): string | undefined {
  const problem = kind.check(value);
  if (problem !== undefined) return formatProblem(kind.noun, problem);
  if (second === undefined) return undefined;
  if (kind.second === undefined) return 'The standard input has a second line: one value is wanted here.';
  if (second === value) return `The ${kind.second} is the same as the ${kind.noun}.`;
  const other = kind.second === 'secondary key' ? kind.check(second) : undefined;
  return other === undefined ? undefined : formatProblem(kind.second, other);
}

/** What is wrong with a value; the value itself is never quoted. */
export function formatProblem(noun: string, problem: string): string {
  return `This ${noun} cannot be right: ${problem}. Nothing was changed.`;
}

function contentOf(kind: SecretKind, { value, second }: SecretInput): SecretContent {
  if (second === undefined) return { values: [value] };
  return kind.second === 'secondary key'
    ? { values: [value, second] }
    : { values: [value], verifyToken: second };
}

type UndoOptions = AccountChoice & {
  readonly name: string;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/**
 * `adapter secrets rotate --undo`: takes the latest change of a secret back, whichever command has made it. Given twice, it
 * takes nothing back: the two versions change places.
 */
export async function undoChange(
  project: Project,
  options: UndoOptions,
  ask: Ask | undefined = askAtTerminal(process.stdin, process.stderr),
): Promise<CommandResult> {
  if (ask === undefined && options.yes !== true)
    return refuse('There is no terminal to ask at: give --yes to go back without being asked.');
  const opened = await openSecret(project, options.name, options);
  if (!opened.ok) return refuse(opened.failure);
  const { kind, place, stored } = opened.value;
  const previous = await readPrevious(opened.value);
  if (!previous.ok) return refuse(previous.failure);
  const { content, changedAt } = previous.value;
  if (content === undefined || stored.versionId === undefined) return refuse(explainNoPrevious(opened.value));

  const before = `${formatCount(content.values.length, kind.noun)}${changedAt === undefined ? '' : `, written ${changedAt.toISOString()}`}`;
  const change = compareVersions(content.values, opened.value);
  const isSure =
    options.yes === true ||
    (await ask?.(`${place.name}: the version before has ${before}. ${change}\nGo back to it? [y/N] `)) ===
      true;
  if (!isSure) return { text: 'Nothing was changed.', exitCode: 1 };
  const written = await restorePrevious(opened.value, previous.value);
  if (!written.ok) return refuse(written.failure);
  return formatUndone(opened.value, content.values.length, { change, ...options });
}

function explainNoPrevious({ kind, place }: OpenSecret): string {
  return (
    `Secrets Manager keeps no version of "${place.name}" from before with a ${kind.noun} in it: ` +
    `there is no change to take back. secrets set ${kind.title} --replace puts in another value.`
  );
}

/** What going back does, by the place of each value: the values themselves are never shown. */
function compareVersions(before: readonly string[], { kind, stored }: OpenSecret): string {
  const now = stored.content?.values ?? [];
  const gone = now.flatMap((value, index) => (before.includes(value) ? [] : [index]));
  const back = before.filter((value) => !now.includes(value)).length;
  const parts = [
    ...(gone.length > 0 ? [`The ${kind.noun} at index ${gone.join(', ')} of now goes`] : []),
    ...(back > 0
      ? [`${formatCount(back, kind.noun)} from before ${back === 1 ? 'comes' : 'come'} back`]
      : []),
  ];
  return parts.length === 0 ? `The ${kind.noun}s change their order.` : `${parts.join('; ')}.`;
}

function formatUndone(
  { kind, place }: OpenSecret,
  count: number,
  { change, json, stack }: UndoOptions & { readonly change: string },
): CommandResult {
  const from = knownFrom(new Date());
  if (json === true) return { text: JSON.stringify(writtenJson(place.name, count, from)), exitCode: 0 };
  return {
    text: [
      `${place.name}: ${formatCount(count, kind.noun)}, as before. ${change} Every function has it by ${formatMinute(from)}.`,
      ...offerCheck(kind, stack),
    ].join('\n'),
    exitCode: 0,
  };
}

/** What a person has typed or piped in. */
export type SecretInput = { readonly value: string; readonly second?: string };

/**
 * Asks for a value at a terminal, without showing it, or reads it from the standard input. It is never an argument, which
 * the shell's history and the list of processes would show.
 * @param wantsSecond whether to ask also for what may be given besides the value
 */
export type ReadSecretInput = (
  kind: SecretKind,
  wantsSecond: boolean,
) => Promise<Result<SecretInput, string>>;

export const readSecretInput: ReadSecretInput = async (kind, wantsSecond) => {
  if (!process.stdin.isTTY) return readPiped(await textOf(process.stdin), kind.isMultiline);
  if (kind.isMultiline)
    return fail('A PEM key has several lines: give its file as the standard input, … < key.pem');
  const value = await askSilently(`The ${kind.noun} of ${kind.title} (it is not shown): `);
  if (value === undefined) return INTERRUPTED;
  if (!wantsSecond || kind.second === undefined) return succeed({ value });
  const second = await askSilently(`The ${kind.second}, if there is one (Enter: none): `);
  return second === undefined ? INTERRUPTED : succeed({ value, ...(second !== '' && { second }) });
};

const INTERRUPTED = fail('Nothing was changed.');

/** One value a line, or one value of several lines. The end of the last line is not part of it. */
export function readPiped(text: string, isMultiline: boolean): Result<SecretInput, string> {
  const whole = text.replace(/\r?\n$/, '');
  if (isMultiline) return succeed({ value: whole });
  const [value = '', second = '', ...more] = whole.split(/\r?\n/);
  if (more.length > 0) return fail('The standard input has more than two lines: one value a line is read.');
  return succeed({ value, ...(second !== '' && { second }) });
}

/** `undefined` where Ctrl-C was the answer. */
async function askSilently(question: string): Promise<string | undefined> {
  process.stderr.write(escapeLines(question));
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  try {
    return await new Promise((resolve) => {
      terminal.once('SIGINT', () => resolve(undefined));
      terminal.once('line', resolve);
      terminal.once('close', () => resolve(undefined));
    });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
