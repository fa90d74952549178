import { type AccountChoice, openAccount } from '../../answers/account.ts';
import type { Project } from '../../answers/project.ts';
import { foldersOf } from '../../lib/mapping/folders.ts';
import { type CommandResult, formatDuration, refuse } from '../command-line.ts';
import { formatMinute, formatValues, type OpenSecret, openIn } from './account.ts';
import { findSecret, type SecretKind, WEBEX_CAMPAIGN } from './kind.ts';
import {
  judgeRotation,
  QUIET_HOURS,
  type ReadSecretUse,
  type SecretUse,
  secretUseOfLocalRun,
  secretUseOfStack,
  traceableFrom,
  type Verdict,
} from './use.ts';

export type StatusOptions = AccountChoice & {
  readonly name?: string | undefined;
  readonly json?: boolean | undefined;
};

/** What is known of one secret: how many values, which are used, and whether the old ones can go. */
export type SecretState = { readonly uses: readonly SecretUse[]; readonly verdict: Verdict };

/** `adapter secrets status`: which secrets are set, which index is used, and whether an old value can go. */
export async function formatSecrets(project: Project, options: StatusOptions): Promise<CommandResult> {
  const names =
    options.name === undefined ? [...foldersOf(project.mappings), WEBEX_CAMPAIGN] : [options.name];
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const told: { readonly json: object; readonly text: string; readonly isUsable: boolean }[] = [];
  for (const name of names) {
    const kind = findSecret(project, name);
    if (!kind.ok) return refuse(kind.failure);
    const opened = await openIn(account.value, kind.value);
    if (!opened.ok) return refuse(opened.failure);
    const { stored, place } = opened.value;
    const state = await readState(opened.value, new Date());
    const text = describe(opened.value, state, new Date());
    const facts = { changedAt: stored.changedAt, values: stored.content?.values.length ?? 0, ...state };
    told.push({ json: { secret: place.name, ...facts }, text, isUsable: stored.content !== undefined });
  }
  return {
    text:
      options.json === true
        ? JSON.stringify(
            told.map(({ json }) => json),
            null,
            2,
          )
        : told.map(({ text }) => text).join('\n'),
    exitCode: told.every(({ isUsable }) => isUsable) ? 0 : 1,
  };
}

/** Reads from the log what concerns one secret. */
export async function readState(
  { account, kind, stored: { content, changedAt = new Date(0) } }: OpenSecret,
  now: Date,
): Promise<SecretState | undefined> {
  if (content === undefined) return undefined;
  const values = content.values.length;
  if (values === 1) return { uses: [], verdict: { kind: 'single' } };
  const read: ReadSecretUse =
    account.url === undefined ? secretUseOfStack(account.stackName) : secretUseOfLocalRun(account.url);
  const since = traceableFrom(changedAt);
  const uses = since < now ? await read(kind.trace, since) : [];
  return { uses, verdict: judgeRotation({ values, changedAt }, uses, now) };
}

function describe({ kind, place, stored }: OpenSecret, state: SecretState | undefined, now: Date): string {
  const { content, problem, changedAt } = stored;
  if (content === undefined) {
    const what = problem === undefined ? 'not set yet' : `cannot be used: ${problem}`;
    return `${place.name}: ${what}. secrets set ${kind.title}`;
  }
  const since = changedAt === undefined ? '' : `, since ${changedAt.toISOString()}`;
  const title = `${place.name}: ${formatValues(kind, content.values.length)}${since}`;
  if (state === undefined || state.verdict.kind === 'single') return title;
  const from = traceableFrom(changedAt ?? new Date(0));
  const lines =
    from > now
      ? [
          `  The log tells them apart from ${formatMinute(from)} on: until then a function may know the old order.`,
        ]
      : content.values.map((_, index) => formatIndex(state.uses, index, now));
  return [title, ...lines, `  ${formatVerdict(state.verdict, kind)}`].join('\n');
}

function formatIndex(uses: readonly SecretUse[], index: number, now: Date): string {
  const which = index === 0 ? 'newest' : index === 1 ? 'old' : `old (${index})`;
  const use = uses.find((one) => one.index === index);
  const told =
    use === undefined
      ? 'not used since'
      : `used ${use.count} times, last ${use.lastAt.toISOString()} (${formatDuration((now.getTime() - use.lastAt.getTime()) / 1000)} ago)`;
  return `  ${which.padEnd(8)}${told}`;
}

/** Whether the old values can go, and if not, why not and what to do. */
export function formatVerdict(verdict: Verdict, { noun, title }: SecretKind): string {
  switch (verdict.kind) {
    case 'single':
      return `There is one ${noun}: nothing is rotating.`;
    case 'old-used':
      return `The old ${noun} is still used (last ${verdict.lastAt.toISOString()}). ${STILL_USED[noun]}`;
    case 'newest-unused':
      return `Nothing shows yet that the new ${noun} works: ${UNPROVED[noun]}`;
    case 'too-early':
      return `So far the new ${noun} alone is used. The old one can go from ${verdict.freeAt.toISOString().slice(0, 10)} ${formatMinute(verdict.freeAt)}, ${QUIET_HOURS} hours after the rotation.`;
    case 'free':
      return `The old ${noun} can go: secrets rotate ${title} --finish`;
  }
}

const STILL_USED: Readonly<Record<SecretKind['noun'], string>> = {
  'signing secret': 'Have the vendor sign with the new one.',
  key: 'A worker stays with the key that works for as long as it lives, hours at most: see again later. If the new one is refused, the log has codes 430 or 498.',
};

const UNPROVED: Readonly<Record<SecretKind['noun'], string>> = {
  'signing secret': 'no webhook has come that it has signed.',
  key: 'no event was delivered with it. A worker stays with the key that works for as long as it lives, hours at most.',
};
