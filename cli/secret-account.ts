import { CACHE_MILLISECONDS, REREAD_MILLISECONDS } from '../lambdas/adapters/secrets-manager.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { secretNameOf } from '../lib/secret-name.ts';
import { type Account, type AccountChoice, openAccount } from './account.ts';
import type { Project } from './project.ts';
import { findSecret, type SecretContent, type SecretKind } from './secret-kind.ts';

import { readStored, type SecretPlace, type StoredSecret } from './stored-secret.ts';

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
export function sayValues({ noun }: SecretKind, count: number): string {
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
export function sayMinute(time: Date): string {
  const minute = new Date(Math.ceil(time.getTime() / 60_000) * 60_000);
  return `${minute.toISOString().slice(11, 16)} UTC`;
}
