import type { Command } from 'commander';
import { type AccountChoice, openAccount, PROJECT, type Project, projectOf } from '../../answers/project.ts';
import { escapeUnseen, joinLines } from '../../lib/config/print.ts';
import { foldersOf } from '../../lib/mapping/folders.ts';
import {
  type CommandResult,
  example,
  formatCount,
  formatDuration,
  refuse,
  run,
  withAccount,
} from '../command-line.ts';
import { findSecret, type SecretKind, WEBEX_CAMPAIGN } from './kind.ts';
import { NAME_ARGUMENT } from './set.ts';
import { formatMinute, type OpenSecret, openIn } from './stored-secret.ts';
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

export function registerStatus(group: Command): void {
  withAccount(group.command('status'))
    .description(
      'show which secrets are set, which of a secret’s values is used, and whether the old one can go',
    )
    .argument('[name]', `${NAME_ARGUMENT} (default: all)`)
    .addHelpText('after', example('secrets status', 'secrets status stripe --stack webhook-adapter-dev'))
    .action((name, options) => run(() => showSecrets(projectOf(PROJECT, options), { name, ...options })));
}

type StatusOptions = AccountChoice & {
  readonly name?: string | undefined;
  readonly json?: boolean | undefined;
};

/** `adapter secrets status`: which secrets are set, which of their values are used, and whether an old one can go. */
export async function showSecrets(project: Project, options: StatusOptions): Promise<CommandResult> {
  const names =
    options.name === undefined ? [...foldersOf(project.mappings), WEBEX_CAMPAIGN] : [options.name];
  const account = await openAccount(options);
  if (!account.ok) return refuse(account.failure);
  const secrets: { readonly opened: OpenSecret; readonly state: SecretState | undefined }[] = [];
  for (const name of names) {
    const kind = findSecret(project, name);
    if (!kind.ok) return refuse(kind.failure);
    const opened = await openIn(account.value, kind.value);
    if (!opened.ok) return refuse(opened.failure);
    secrets.push({ opened: opened.value, state: await readState(opened.value, new Date()) });
  }
  const text =
    options.json === true
      ? JSON.stringify(
          secrets.map(({ opened, state }) => secretJson(opened, state)),
          null,
          2,
        )
      : secrets.map(({ opened, state }) => formatSecret(opened, state, new Date())).join('\n');
  const areUsable = secrets.every(({ opened: { stored } }) => stored.content !== undefined);
  return { text, exitCode: areUsable ? 0 : 1 };
}

/** What the log shows of one secret: which values are used, and whether the old ones can go. */
type SecretState = { readonly uses: readonly SecretUse[]; readonly verdict: Verdict };

/** Reads the state of one secret from the log; `undefined` where the secret cannot be used. */
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

function secretJson({ place, stored }: OpenSecret, state: SecretState | undefined): object {
  const values = stored.content?.values.length ?? 0;
  return { secret: place.name, changedAt: stored.changedAt, values, ...state };
}

function formatSecret(
  { kind, place, stored }: OpenSecret,
  state: SecretState | undefined,
  now: Date,
): string {
  const { content, problem, changedAt } = stored;
  if (content === undefined) {
    const what = problem === undefined ? 'not set yet' : `cannot be used: ${problem}`;
    return escapeUnseen(`${place.name}: ${what}. secrets set ${kind.title}`);
  }
  const since = changedAt === undefined ? '' : `, since ${changedAt.toISOString()}`;
  const title = `${place.name}: ${formatCount(content.values.length, kind.noun)}${since}`;
  if (state === undefined || state.verdict.kind === 'single') return title;
  const from = traceableFrom(changedAt ?? new Date(0));
  const lines =
    from > now
      ? [
          `  From ${formatMinute(from)} the log tells them apart; until then a function may use the old order.`,
        ]
      : content.values.map((_, index) =>
          formatUse(
            index,
            state.uses.find((use) => use.index === index),
            now,
          ),
        );
  return joinLines([title, ...lines, `  ${formatVerdict(state.verdict, kind)}`]);
}

function formatUse(index: number, use: SecretUse | undefined, now: Date): string {
  const which = index === 0 ? 'newest' : index === 1 ? 'old' : `old (${index})`;
  return `  ${which.padEnd(8)}${use === undefined ? 'not used since' : formatTimes(use, now)}`;
}

function formatTimes({ count, lastAt }: SecretUse, now: Date): string {
  const ago = formatDuration((now.getTime() - lastAt.getTime()) / 1000);
  return `used ${formatCount(count, 'time')}, last ${lastAt.toISOString()} (${ago} ago)`;
}

/** Whether the old values can go; if not, why, and what to do. */
export function formatVerdict(verdict: Verdict, { noun, title }: SecretKind): string {
  switch (verdict.kind) {
    case 'single':
      return `There is one ${noun}: nothing is rotating.`;
    case 'old-used':
      return `The old ${noun} is still used (last ${verdict.lastAt.toISOString()}). ${STILL_USED[noun]}`;
    case 'newest-unused':
      return `Nothing shows yet that the new ${noun} works: ${UNPROVED[noun]}`;
    case 'too-early':
      return `So far only the new ${noun} is used. The old one can go from ${verdict.freeAt.toISOString().slice(0, 10)} ${formatMinute(verdict.freeAt)}, ${QUIET_HOURS} hours after the rotation.`;
    case 'free':
      return `The old ${noun} can go: secrets rotate ${title} --finish`;
  }
}

const STILL_USED: Readonly<Record<SecretKind['noun'], string>> = {
  'signing secret': 'Have the vendor sign with the new one.',
  key: 'A worker stays with the key that works for as long as it lives, hours at most: see again later. If the new one is refused, the log has codes 430 or 498.',
};

const UNPROVED: Readonly<Record<SecretKind['noun'], string>> = {
  'signing secret': 'no webhook that it signed has come.',
  key: 'no event was delivered with it. A worker stays with the key that works for as long as it lives, hours at most.',
};
