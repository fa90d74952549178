import type { Command } from 'commander';
import { type AccountChoice, PROJECT, type Project, projectOf } from '../../answers/project.ts';
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
import type { SecretKind } from './kind.ts';
import {
  formatProblem,
  NAME_ARGUMENT,
  offerCheck,
  type ReadSecretInput,
  readSecretInput,
  writtenJson,
} from './set.ts';
import { formatVerdict, readState } from './status.ts';
import {
  activeFrom,
  formatMinute,
  knownFrom,
  openUsable,
  replaceStored,
  type UsableSecret,
} from './stored-secret.ts';

export function registerRotate(group: Command): void {
  withAccount(group.command('rotate'))
    .description(
      'put a new value before the old one, which stays valid; with --finish, take the old one away',
    )
    .argument('<name>', NAME_ARGUMENT)
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
}

type RotateOptions = AccountChoice & {
  readonly name: string;
  readonly json?: boolean | undefined;
};

/**
 * `adapter secrets rotate`: puts a new value before those that are there, which stay valid. `secrets status` shows when the old
 * ones can go, and `secrets rotate --finish` takes them away.
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
  return formatRotated(opened.value, after.length, options);
}

function explainFull({ kind, place }: UsableSecret): string {
  return (
    `The secret "${place.name}" holds ${formatCount(kind.most, kind.noun)}, which is all that it can. ` +
    `End the rotation first: secrets rotate ${kind.title} --finish`
  );
}

function formatRotated(
  { kind, place }: UsableSecret,
  count: number,
  { json, stack }: RotateOptions,
): CommandResult {
  const from = activeFrom(kind, new Date());
  if (json === true) return { text: JSON.stringify(writtenJson(place.name, count, from)), exitCode: 0 };
  const at = stack === undefined ? '' : ` --stack ${stack}`;
  const old = count > 2 ? `the old ${kind.noun}s stay valid` : `the old ${kind.noun} stays valid`;
  return {
    text: [
      `${place.name}: ${formatCount(count, kind.noun)}, the new one first. Active from ${formatMinute(from)}; ${old}.`,
      NEXT[kind.noun],
      ...offerCheck(kind, stack),
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
  /** Even if the log does not show that the old value can go. */
  readonly force?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly json?: boolean | undefined;
};

/** `adapter secrets rotate --finish`: takes away every value but the newest, once the log shows that they can go. */
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
  const old = formatCount(stored.content.values.length - 1, `old ${kind.noun}`);
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
    text: `${place.name}: 1 ${kind.noun}. The old one stops working by ${formatMinute(by)}.${after}`,
    exitCode: 0,
  };
}
