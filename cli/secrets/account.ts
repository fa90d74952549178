import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { type Account, type AccountChoice, openAccount } from '../../answers/account.ts';
import type { Project } from '../../answers/project.ts';
import { CACHE_MILLISECONDS, REREAD_MILLISECONDS } from '../../lambdas/adapters/secrets-manager.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { secretNameOf } from '../../lib/operate/secret-name.ts';
import { findSecret, type KeptContent, type SecretContent, type SecretKind } from './kind.ts';

/** A secret of a stack, as a command works on it. */
export type OpenSecret = {
  readonly account: Account;
  readonly kind: SecretKind;
  readonly place: SecretPlace;
  readonly stored: StoredSecret;
};

/** One that is set and can be used. */
export type UsableSecret = OpenSecret & {
  readonly stored: StoredSecret & { readonly content: SecretContent };
};

/** Finds a secret and reads it; fails with a sentence for the person who gave the command. */
export async function openSecret(
  project: Project,
  title: string,
  choice: AccountChoice,
): Promise<Result<OpenSecret, string>> {
  const kind = findSecret(project, title);
  if (!kind.ok) return kind;
  const account = await openAccount(choice);
  if (!account.ok) return account;
  return openIn(account.value, kind.value);
}

export async function openIn(account: Account, kind: SecretKind): Promise<Result<OpenSecret, string>> {
  const place = { client: account.secretsManager, name: secretNameOf(account.stackName, kind.secret) };
  const stored = await readStored(place, kind);
  return stored.ok ? succeed({ account, kind, place, stored: stored.value }) : stored;
}

/** The same, where it has to be set already. */
export async function openUsable(
  project: Project,
  title: string,
  choice: AccountChoice,
): Promise<Result<UsableSecret, string>> {
  const opened = await openSecret(project, title, choice);
  if (!opened.ok) return opened;
  const { stored, place } = opened.value;
  const { content, problem } = stored;
  if (content !== undefined) return succeed({ ...opened.value, stored: { ...stored, content } });
  return fail(
    problem === undefined
      ? `The secret "${place.name}" is not set yet: secrets set ${title}`
      : `The secret "${place.name}" cannot be used (${problem}). Put a value in its place: secrets set ${title} --replace`,
  );
}

/** `3 signing secrets`. */
export function formatValues({ noun }: SecretKind, count: number): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** From when every function knows what was written now. */
export function knownFrom(now: Date): Date {
  return new Date(now.getTime() + CACHE_MILLISECONDS);
}

/** From when what was added now is certain to count: a signature that does not match has the secret read again. */
export function countsFrom({ noun }: SecretKind, now: Date): Date {
  return noun === 'key' ? knownFrom(now) : new Date(now.getTime() + REREAD_MILLISECONDS);
}

/** The first whole minute that is not before a time, as `17:31 UTC`. */
export function formatMinute(time: Date): string {
  const minute = new Date(Math.ceil(time.getTime() / 60_000) * 60_000);
  return `${minute.toISOString().slice(11, 16)} UTC`;
}

/** A secret as it was read: what it holds, which version that is, and since when. */
type StoredSecret = {
  /** Missing where nobody has set it yet, or where it cannot be used. */
  readonly content?: SecretContent;
  /** What keeps the functions from using it. */
  readonly problem?: string;
  /** To be written again with any other content. */
  readonly kept: KeptContent;
  /** The version that holds it; a secret that was only created has none, unless a part of it was generated. */
  readonly versionId?: string;
  readonly changedAt?: Date;
};

/** A secret and where it lies. */
type SecretPlace = { readonly client: SecretsManagerClient; readonly name: string };

const CURRENT = 'AWSCURRENT';

/** The label of a version that is written, and not current yet. */
const PENDING = 'ADAPTER-PENDING';

/** Reads a secret; fails with a sentence where there is none of this name. */
async function readStored(
  { client, name }: SecretPlace,
  kind: SecretKind,
): Promise<Result<StoredSecret, string>> {
  try {
    const { SecretString, VersionId, CreatedDate } = await client.send(
      new GetSecretValueCommand({ SecretId: name }),
    );
    const version = {
      ...(VersionId && { versionId: VersionId }),
      ...(CreatedDate && { changedAt: CreatedDate }),
    };
    return succeed({ ...version, ...readText(SecretString, kind) });
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) {
      // Without a value and without a secret are told apart by the message alone.
      return /staging label/i.test(messageOf(error))
        ? succeed({ kept: {} })
        : fail(`There is no secret "${name}" in this account and region: deploy the stack first.`);
    }
    throw error;
  }
}

/** Without any value there is nothing to be wrong, and nothing to use. */
function readText(
  text: string | undefined,
  kind: SecretKind,
): Pick<StoredSecret, 'content' | 'problem' | 'kept'> {
  if (!text) return { kept: {} };
  const kept = kind.readKept(text);
  const content = kind.read(text);
  if (!content.ok) return { kept, problem: content.failure.join('; ') };
  return content.value.values.length > 0 ? { kept, content: content.value } : { kept };
}

/**
 * Puts a new value in the place of the one that was read, and no other: fails where somebody else has changed it since.
 * `PutSecretValue` alone would overwrite that; the move of the label AWSCURRENT names the version it is taken from, and
 * Secrets Manager refuses it if it has gone elsewhere (API reference, UpdateSecretVersionStage).
 */
export async function replaceStored(
  place: SecretPlace,
  { versionId }: Pick<StoredSecret, 'versionId'>,
  text: string,
): Promise<Result<void, string>> {
  try {
    await moveCurrent(place, versionId, text);
    return succeed(undefined);
  } catch (error) {
    if (!isNamed(error, 'InvalidParameterException')) throw error;
    return fail(
      `Somebody else has changed "${place.name}" in the meantime: nothing was written. Give the command again.`,
    );
  }
}

/** From no version at all too: then the label must be on none, or on the first version, which gets it by itself. */
async function moveCurrent(
  { client, name }: SecretPlace,
  from: string | undefined,
  SecretString: string,
): Promise<void> {
  const put = new PutSecretValueCommand({ SecretId: name, SecretString, VersionStages: [PENDING] });
  const { VersionId } = await client.send(put);
  const label = { SecretId: name, VersionStage: PENDING, RemoveFromVersionId: VersionId };
  try {
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: name,
        VersionStage: CURRENT,
        MoveToVersionId: VersionId,
        ...(from !== undefined && { RemoveFromVersionId: from }),
      }),
    );
  } finally {
    // A version without a label is forgotten. That somebody has taken the label over is none of ours.
    await client.send(new UpdateSecretVersionStageCommand(label)).catch(() => {});
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
