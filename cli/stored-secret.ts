import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import type { KeptContent, SecretContent, SecretKind } from './secret-kind.ts';

/** A secret as it was read: what it holds, which version that is, and since when. */
export type StoredSecret = {
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
export type SecretPlace = { readonly client: SecretsManagerClient; readonly name: string };

const CURRENT = 'AWSCURRENT';

/** The label of a version that is written, and not current yet. */
const PENDING = 'ADAPTER-PENDING';

/** Reads a secret; fails with a sentence where there is none of this name. */
export async function readStored(
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
