import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import type { OfFunction } from '../../answers/deployed-stack.ts';
import { type Account, type AccountChoice, openAccount, type Project } from '../../answers/project.ts';
import { readPastLines, runQuery } from '../../answers/report/function-logs.ts';
import { CACHE_MILLISECONDS, REREAD_MILLISECONDS } from '../../lambdas/adapters/secrets-manager.ts';
import { fail, parseJson, type Result, succeed } from '../../lambdas/result.ts';
import { secretNameOf } from '../../lib/mapping/schema.ts';
import {
  findSecret,
  type KeptContent,
  type SecretContent,
  type SecretKind,
  type SecretTrace,
} from './kind.ts';

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

/** How often one value of a secret was used, and when last. Index 0 is the newest value. */
export type SecretUse = { readonly index: number; readonly count: number; readonly lastAt: Date };

/** Reads from the log which values were used since a time. */
type ReadSecretUse = (trace: SecretTrace, since: Date) => Promise<readonly SecretUse[]>;

/** How long an old value must be unused before it can go: vendors repeat for hours what was not taken. */
export const QUIET_HOURS = 24;

/** What the log shows of a rotation. */
export type Verdict =
  /** There is one value, and no rotation. */
  | { readonly kind: 'single' }
  /** The old value is still used; the last time was then. */
  | { readonly kind: 'old-used'; readonly lastAt: Date }
  /** Nothing shows yet that the newest value works. */
  | { readonly kind: 'newest-unused' }
  /** The old value is unused, but not for long enough. */
  | { readonly kind: 'too-early'; readonly freeAt: Date }
  /** The old value can go; it was last used then, or never since the rotation. */
  | { readonly kind: 'free'; readonly lastAt: Date | undefined };

/**
 * When every function has read the changed secret. Before that, index 0 of a log line may be the value that is the old one
 * now.
 */
export function traceableFrom(changedAt: Date): Date {
  return new Date(changedAt.getTime() + CACHE_MILLISECONDS);
}

/** Judges whether the old values of a secret can go. */
export function judgeRotation(
  { values, changedAt }: { readonly values: number; readonly changedAt: Date },
  uses: readonly SecretUse[],
  now: Date,
): Verdict {
  if (values <= 1) return { kind: 'single' };
  const quiet = QUIET_HOURS * 3_600_000;
  const lastAt = lastOf(uses.filter(({ index }) => index > 0));
  if (lastAt !== undefined && now.getTime() - lastAt.getTime() < quiet) return { kind: 'old-used', lastAt };
  if (!uses.some(({ index }) => index === 0)) return { kind: 'newest-unused' };
  const freeAt = new Date(traceableFrom(changedAt).getTime() + quiet);
  return now < freeAt ? { kind: 'too-early', freeAt } : { kind: 'free', lastAt };
}

function lastOf(uses: readonly SecretUse[]): Date | undefined {
  if (uses.length === 0) return undefined;
  return new Date(Math.max(...uses.map(({ lastAt }) => lastAt.getTime())));
}

/** Log lines of 0.1.0 name the index `secretSlot` and the key `keySlot`. */
const lineSchema = z.object({
  _aws: z.object({ Timestamp: z.number() }),
  stage: z.string(),
  source: z.string().optional(),
  outcome: z.string().optional(),
  secretIndex: z.coerce.number().int().optional(),
  secretSlot: z.coerce.number().int().optional(),
  keyUsed: z.enum(['primary', 'secondary']).optional(),
  keySlot: z.enum(['primary', 'secondary']).optional(),
});

/** Reads uses from the log that the local run keeps of its functions. */
export function secretUseOfLocalRun(url: string): ReadSecretUse {
  return async (trace, since) => countUses(await readPastLines(url), trace, since);
}

/** Counts by index how often log lines since a time name a value. */
export function countUses(lines: readonly string[], trace: SecretTrace, since: Date): readonly SecretUse[] {
  const uses = new Map<number, SecretUse>();
  for (const text of lines) {
    const found = readIndex(text, trace);
    if (found === undefined || found.at < since) continue;
    const { index, at } = found;
    const before = uses.get(index) ?? { index, count: 0, lastAt: at };
    uses.set(index, { index, count: before.count + 1, lastAt: later(at, before.lastAt) });
  }
  return [...uses.values()].toSorted((one, other) => one.index - other.index);
}

function later(one: Date, other: Date): Date {
  return new Date(Math.max(one.getTime(), other.getTime()));
}

function readIndex(
  text: string,
  { stage, source }: SecretTrace,
): { readonly index: number; readonly at: Date } | undefined {
  const line = lineSchema.safeParse(parseJson(text)).data;
  if (line === undefined || line.stage !== stage) return undefined;
  if (source !== undefined && line.source !== source) return undefined;
  const index = stage === 'ingest' ? (line.secretIndex ?? line.secretSlot) : indexOfDelivered(line);
  return index === undefined ? undefined : { index, at: new Date(line._aws.Timestamp) };
}

/** A key counts only where its call was accepted: a refused key proves nothing. */
function indexOfDelivered({
  outcome,
  keySlot,
  keyUsed = keySlot,
}: z.infer<typeof lineSchema>): number | undefined {
  return outcome !== 'delivered' || keyUsed === undefined ? undefined : indexOfKey(keyUsed);
}

function indexOfKey(key: string): number {
  return key === 'primary' ? 0 : 1;
}

/** Reads uses from log groups on AWS. */
export function secretUseOfLogs(logGroups: readonly OfFunction[], pollMilliseconds = 1_000): ReadSecretUse {
  return async (trace, since) => {
    const client = new CloudWatchLogsClient({});
    const logGroupNames = logGroups.map(({ name }) => name);
    const query = { logGroupNames, since, until: new Date(), queryString: queryOf(trace) };
    return (await runQuery(client, query, pollMilliseconds)).rows.flatMap(readRow);
  };
}

/** Lines of 0.1.0, which has the other name of each field, stay in the log for a month. */
function queryOf({ stage, source }: SecretTrace): string {
  const [filter, now, before] =
    stage === 'ingest'
      ? [`source = "${source}"`, 'secretIndex', 'secretSlot']
      : ['outcome = "delivered"', 'keyUsed', 'keySlot'];
  return [
    `filter stage = "${stage}" and ${filter} and (ispresent(${now}) or ispresent(${before}))`,
    `fields @timestamp, coalesce(${now}, ${before}) as usedValue`,
    'stats count(*) as uses, max(@timestamp) as lastAt by usedValue',
  ].join(' | ');
}

/** `max(@timestamp)` comes in milliseconds, or as text in UTC without saying so. */
function readRow({
  usedValue = '',
  uses,
  lastAt = '',
}: Readonly<Record<string, string>>): readonly SecretUse[] {
  const index = /^\d+$/.test(usedValue) ? Number(usedValue) : indexOfKey(usedValue);
  const at = /^\d+(\.\d+)?$/.test(lastAt)
    ? new Date(Number(lastAt))
    : new Date(`${lastAt.replace(' ', 'T')}Z`);
  return usedValue === '' || Number.isNaN(at.getTime()) ? [] : [{ index, count: Number(uses), lastAt: at }];
}
