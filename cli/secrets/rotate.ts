import type { AccountChoice } from '../../answers/account.ts';
import type { Project } from '../../answers/project.ts';
import { type Ask, askAtTerminal, type CommandResult, refuse } from '../command-line.ts';
import {
  countsFrom,
  formatMinute,
  formatValues,
  knownFrom,
  openUsable,
  replaceStored,
  type UsableSecret,
} from './account.ts';
import { type ReadSecretInput, readSecretInput, type SecretKind } from './kind.ts';
import { formatProblem } from './set.ts';
import { formatVerdict, readState } from './status.ts';

type RotateOptions = AccountChoice & {
  readonly name: string;
  readonly json?: boolean | undefined;
};

/**
 * `adapter secrets rotate`: puts a new value before those that are there, which stay valid. What comes next is told by
 * `secrets status`, and done by `secrets rotate --finish`.
 */
export async function rotateSecret(
  project: Project,
  options: RotateOptions,
  readInput: ReadSecretInput = readSecretInput,
): Promise<CommandResult> {
  const opened = await openUsable(project, options.name, options);
  if (!opened.ok) return refuse(opened.failure);
  const { kind, place, stored } = opened.value;
  if (stored.content.values.length >= kind.most) return refuse(explainFull(opened.value));

  const input = await readInput(kind, false);
  if (!input.ok) return refuse(input.failure);
  const { value, second } = input.value;
  const problem =
    second === undefined ? kind.check(value) : 'there is a second line, and one value is wanted';
  if (problem !== undefined) return refuse(formatProblem(kind.noun, problem));
  const { values } = stored.content;
  if (values[0] === value) return { text: `${place.name}: this is the newest already.`, exitCode: 0 };

  const after = [value, ...values.filter((other) => other !== value)];
  const text = kind.write({ ...stored.content, values: after }, stored.kept);
  const written = await replaceStored(place, stored, text);
  if (!written.ok) return refuse(written.failure);
  return tell(opened.value, after.length, options);
}

function explainFull({ kind, place }: UsableSecret): string {
  return (
    `The secret "${place.name}" holds ${formatValues(kind, kind.most)}, which is all that it can. ` +
    `End the rotation before: secrets rotate ${kind.title} --finish`
  );
}

function tell({ kind, place }: UsableSecret, count: number, { json, stack }: RotateOptions): CommandResult {
  const from = countsFrom(kind, new Date());
  if (json === true) {
    const told = { secret: place.name, values: count, countsFrom: from.toISOString() };
    return { text: JSON.stringify(told), exitCode: 0 };
  }
  const at = stack === undefined ? '' : ` --stack ${stack}`;
  return {
    text: [
      `${place.name}: ${formatValues(kind, count)}, the new one first. It counts by ${formatMinute(from)}; the old one counts on.`,
      NEXT[kind.noun],
      `Which one is used, and when the old one can go: secrets status ${kind.title}${at}`,
      `To end the rotation: secrets rotate ${kind.title}${at} --finish`,
    ].join('\n'),
    exitCode: 0,
  };
}

const NEXT: Readonly<Record<SecretKind['noun'], string>> = {
  'signing secret': 'Now have the vendor sign with the new one, if it does not yet.',
  key: 'Leave the old key in Webex Campaign until the rotation has ended.',
};

type FinishOptions = AccountChoice & {
  readonly name: string;
  /** Though the log does not say that the old value can go. */
  readonly force?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/** `adapter secrets rotate --finish`: takes every value but the newest away, once the log says that they can go. */
export async function finishRotation(
  project: Project,
  options: FinishOptions,
  ask: Ask | undefined = askAtTerminal(process.stdin, process.stderr),
): Promise<CommandResult> {
  if (ask === undefined && options.yes !== true)
    return refuse('There is no terminal to ask at: give --yes to end the rotation without being asked.');
  const opened = await openUsable(project, options.name, options);
  if (!opened.ok) return refuse(opened.failure);
  const { kind, place, stored } = opened.value;
  const { values } = stored.content;
  if (values.length === 1)
    return { text: `${place.name}: there is one ${kind.noun}, nothing to take away.`, exitCode: 0 };

  const state = await readState(opened.value, new Date());
  const verdict = state?.verdict ?? { kind: 'newest-unused' };
  if (verdict.kind !== 'free' && options.force !== true)
    return refuse(
      `${formatVerdict(verdict, kind)}\nNothing was changed. To take it away all the same: --force`,
    );
  const isSure =
    options.yes === true || (await ask?.(question(opened.value, formatVerdict(verdict, kind)))) === true;
  if (!isSure) return { text: 'Nothing was changed.', exitCode: 1 };

  const text = kind.write({ ...stored.content, values: values.slice(0, 1) }, stored.kept);
  const written = await replaceStored(place, stored, text);
  return written.ok ? formatFinished(opened.value, options) : refuse(written.failure);
}

function question({ kind, place, stored }: UsableSecret, verdict: string): string {
  const old = formatValues(kind, stored.content.values.length - 1);
  return `${verdict}\nTake ${old} away from ${place.name}, and keep the newest? [y/N] `;
}

function formatFinished({ kind, place }: UsableSecret, { json }: FinishOptions): CommandResult {
  const by = knownFrom(new Date());
  if (json === true)
    return {
      text: JSON.stringify({ secret: place.name, values: 1, refusedBy: by.toISOString() }),
      exitCode: 0,
    };
  const after = kind.noun === 'key' ? ' Now delete the old key in Webex Campaign.' : '';
  return {
    text: `${place.name}: 1 ${kind.noun}. The old one is forgotten by ${formatMinute(by)}.${after}`,
    exitCode: 0,
  };
}
