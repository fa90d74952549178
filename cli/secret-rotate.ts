import type { AccountChoice } from './account.ts';
import { type CommandResult, refuse } from './command-line.ts';
import type { Project } from './project.ts';
import { countsFrom, openUsable, sayMinute, sayValues, type UsableSecret } from './secret-account.ts';
import { type ReadSecretInput, readSecretInput } from './secret-input.ts';
import type { SecretKind } from './secret-kind.ts';
import { sayProblem } from './secret-set.ts';
import { replaceStored } from './stored-secret.ts';

export type RotateOptions = AccountChoice & {
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
  if (problem !== undefined) return refuse(sayProblem(kind.noun, problem));
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
    `The secret "${place.name}" holds ${sayValues(kind, kind.most)}, which is all that it can. ` +
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
      `${place.name}: ${sayValues(kind, count)}, the new one first. It counts by ${sayMinute(from)}; the old one counts on.`,
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
