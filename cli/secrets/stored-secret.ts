import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { type Account, type AccountChoice, openAccount, type Project } from '../../answers/project.ts';
import { CACHE_MILLISECONDS, REREAD_MILLISECONDS } from '../../lambdas/adapters/secrets-manager.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { secretNameOf } from '../../lib/mapping/schema.ts';
import { findSecret, type KeptContent, type SecretContent, type SecretKind } from './kind.ts';

/** A secret of a stack, as a command works on it. */
export type OpenSecret = {
  readonly account: Account;
  readonly kind: SecretKind;
  readonly place: SecretPlace;
  readonly stored: StoredSecret;
};

/** A secret that is set and can be used. */
export type UsableSecret = OpenSecret & {
  readonly stored: StoredSecret & { readonly content: SecretContent };
};

/** A secret as it was read. */
type StoredSecret = {
  /** Missing where it is not set yet, or cannot be used. */
  readonly content?: SecretContent;
  /** Why the functions cannot use it. */
  readonly problem?: string;
  /** Written again with every new content. */
  readonly kept: KeptContent;
  /** The version that was read; a secret that was only created has none, unless a part of it was generated. */
  readonly versionId?: string;
  readonly changedAt?: Date;
};

/** Where a secret lies. */
type SecretPlace = { readonly client: SecretsManagerClient; readonly name: string };

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

/** The same for a secret that has to be set already. */
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

/** Reads a secret of an account that is open already. */
export async function openIn(account: Account, kind: SecretKind): Promise<Result<OpenSecret, string>> {
  const place = { client: account.secretsManager, name: secretNameOf(account.stackName, kind.secret) };
  const stored = await readStored(place, kind);
  return stored.ok ? succeed({ account, kind, place, stored: stored.value }) : stored;
}

/** When the last function has read what is written now. */
export function knownFrom(now: Date): Date {
  return new Date(now.getTime() + CACHE_MILLISECONDS);
}

/** When a value that is added now is certain to be in use: ingest reads the secret again after a signature that does not match. */
export function activeFrom({ noun }: SecretKind, now: Date): Date {
  return noun === 'key' ? knownFrom(now) : new Date(now.getTime() + REREAD_MILLISECONDS);
}

/** The first whole minute that is not before a time, as `17:31 UTC`. */
export function formatMinute(time: Date): string {
  const minute = new Date(Math.ceil(time.getTime() / 60_000) * 60_000);
  return `${minute.toISOString().slice(11, 16)} UTC`;
}

const CURRENT = 'AWSCURRENT';

/** The label of the version that was current before: Secrets Manager keeps it until the next change. */
const PREVIOUS = 'AWSPREVIOUS';

/** The label of a version that is written, and not current yet. */
const PENDING = 'ADAPTER-PENDING';

/** Reads the version before the one that is in use; one that is not there is not set. */
export function readPrevious({ place, kind }: OpenSecret): Promise<Result<StoredSecret, string>> {
  return readStored(place, kind, PREVIOUS);
}

/** Reads a version of a secret by its label; fails with a sentence where there is no secret of this name. */
async function readStored(
  { client, name }: SecretPlace,
  kind: SecretKind,
  VersionStage = CURRENT,
): Promise<Result<StoredSecret, string>> {
  try {
    const { SecretString, VersionId, CreatedDate } = await client.send(
      new GetSecretValueCommand({ SecretId: name, VersionStage }),
    );
    const version = {
      ...(VersionId && { versionId: VersionId }),
      ...(CreatedDate && { changedAt: CreatedDate }),
    };
    return succeed({ ...version, ...readText(SecretString, kind) });
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) {
      // The message alone tells a secret without a value from no secret.
      return /staging label/i.test(messageOf(error))
        ? succeed({ kept: {} })
        : fail(`There is no secret "${name}" in this account and region: deploy the stack first.`);
    }
    throw error;
  }
}

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
 * Replaces the value that was read, and fails where somebody else has changed it since. `PutSecretValue` alone would overwrite
 * that change. The move of the label AWSCURRENT names the version that it is taken from, and Secrets Manager refuses it if
 * the label is elsewhere by then (API reference, UpdateSecretVersionStage).
 */
export function replaceStored(
  place: SecretPlace,
  { versionId }: Pick<StoredSecret, 'versionId'>,
  text: string,
): Promise<Result<void, string>> {
  return unlessChanged(place, () => moveCurrent(place, versionId, text));
}

/** Takes the version before into use again; the one that was in use becomes the version before. */
export function restorePrevious(
  { place: { client, name }, stored, place }: OpenSecret,
  previous: Pick<StoredSecret, 'versionId'>,
): Promise<Result<void, string>> {
  const move = new UpdateSecretVersionStageCommand({
    SecretId: name,
    VersionStage: CURRENT,
    MoveToVersionId: previous.versionId,
    RemoveFromVersionId: stored.versionId,
  });
  return unlessChanged(place, () => client.send(move));
}

async function unlessChanged(
  { name }: SecretPlace,
  write: () => Promise<unknown>,
): Promise<Result<void, string>> {
  try {
    await write();
    return succeed(undefined);
  } catch (error) {
    if (!isNamed(error, 'InvalidParameterException')) throw error;
    return fail(
      `Somebody else has changed "${name}" in the meantime: nothing was written. Give the command again.`,
    );
  }
}

/** Where no version was read, the label must be on none, or on the first version, which gets it by itself. */
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
    // Secrets Manager deletes a version without a label. If somebody has taken the label over, it is no longer ours.
    await client.send(new UpdateSecretVersionStageCommand(label)).catch(() => {});
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
