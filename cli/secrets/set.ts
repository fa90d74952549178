import type { AccountChoice } from '../../answers/account.ts';
import type { Project } from '../../answers/project.ts';
import { type CommandResult, refuse } from '../command-line.ts';
import {
  countsFrom,
  formatMinute,
  formatValues,
  knownFrom,
  type OpenSecret,
  openSecret,
  replaceStored,
} from './account.ts';
import type { SecretContent, SecretKind } from './kind.ts';
import { type ReadSecretInput, readSecretInput, type SecretInput } from './kind.ts';

export type SetOptions = AccountChoice & {
  readonly name: string;
  readonly replace?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/** `adapter secrets set`: gives a secret its first value, or with `--replace` another in the place of all that is there. */
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

  const from = countsFrom(kind, new Date());
  if (options.json === true) {
    const told = { secret: place.name, values: content.values.length, countsFrom: from.toISOString() };
    return { text: JSON.stringify(told), exitCode: 0 };
  }
  const old = isReplaced
    ? ` What was there before is forgotten by ${formatMinute(knownFrom(new Date()))}.`
    : '';
  const text = `${place.name}: ${formatValues(kind, content.values.length)}. It counts by ${formatMinute(from)}.${old}`;
  return { text, exitCode: 0 };
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

/** What is wrong with a value, without the value. */
export function formatProblem(noun: string, problem: string): string {
  return `This ${noun} cannot be right: ${problem}. Nothing was changed.`;
}

function contentOf(kind: SecretKind, { value, second }: SecretInput): SecretContent {
  if (second === undefined) return { values: [value] };
  return kind.second === 'secondary key'
    ? { values: [value, second] }
    : { values: [value], verifyToken: second };
}
