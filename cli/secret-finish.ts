import type { AccountChoice } from './account.ts';
import { type Ask, askAtTerminal } from './ask.ts';
import { type CommandResult, refuse } from './command-line.ts';
import type { Project } from './project.ts';
import { knownFrom, openUsable, sayMinute, sayValues, type UsableSecret } from './secret-account.ts';
import { readState, sayVerdict } from './secret-status.ts';
import { replaceStored } from './stored-secret.ts';

export type FinishOptions = AccountChoice & {
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
    return refuse(`${sayVerdict(verdict, kind)}\nNothing was changed. To take it away all the same: --force`);
  const isSure =
    options.yes === true || (await ask?.(question(opened.value, sayVerdict(verdict, kind)))) === true;
  if (!isSure) return { text: 'Nothing was changed.', exitCode: 1 };

  const text = kind.write({ ...stored.content, values: values.slice(0, 1) }, stored.kept);
  const written = await replaceStored(place, stored, text);
  return written.ok ? tell(opened.value, options) : refuse(written.failure);
}

function question({ kind, place, stored }: UsableSecret, verdict: string): string {
  const old = sayValues(kind, stored.content.values.length - 1);
  return `${verdict}\nTake ${old} away from ${place.name}, and keep the newest? [y/N] `;
}

function tell({ kind, place }: UsableSecret, { json }: FinishOptions): CommandResult {
  const by = knownFrom(new Date());
  if (json === true)
    return {
      text: JSON.stringify({ secret: place.name, values: 1, refusedBy: by.toISOString() }),
      exitCode: 0,
    };
  const after = kind.noun === 'key' ? ' Now delete the old key in Webex Campaign.' : '';
  return {
    text: `${place.name}: 1 ${kind.noun}. The old one is forgotten by ${sayMinute(by)}.${after}`,
    exitCode: 0,
  };
}
