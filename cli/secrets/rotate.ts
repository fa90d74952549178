import { type Command, Option } from 'commander';
import {
  type Account,
  type AccountChoice,
  openAccount,
  PROJECT,
  type Project,
  projectOf,
} from '../../answers/project.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { escapeUnseen, joinLines } from '../../lib/config/terminal.ts';
import { foldersOf } from '../../lib/mapping/folders.ts';
import {
  type Ask,
  askAtTerminal,
  type CommandResult,
  example,
  formatCount,
  formatDuration,
  refuse,
  run,
  withAccount,
} from '../command-line.ts';
import { findSecret, type SecretKind, WEBEX_CAMPAIGN } from './kind.ts';
import {
  formatProblem,
  NAME_ARGUMENT,
  offerCheck,
  type ReadSecretInput,
  readSecretInput,
  undoChange,
  writtenJson,
} from './set.ts';
import {
  activeFrom,
  formatMinute,
  judgeRotation,
  knownFrom,
  type OpenSecret,
  openIn,
  openUsable,
  QUIET_HOURS,
  replaceStored,
  type SecretUse,
  secretUseOfLocalRun,
  secretUseOfLogs,
  traceableFrom,
  type UsableSecret,
  type Verdict,
} from './stored-secret.ts';

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
  const secrets: ShownSecret[] = [];
  for (const name of names) {
    const shown = await showSecret(project, name, account.value);
    // Of several, one that cannot be shown is a line among the others.
    if (!shown.ok && names.length === 1) return refuse(shown.failure);
    secrets.push(shown.ok ? shown.value : { name, problem: shown.failure, isUsable: false });
  }
  const text =
    options.json === true
      ? JSON.stringify(secrets.map(secretJson), null, 2)
      : secrets.map((shown) => formatShown(shown, new Date())).join('\n');
  return { text, exitCode: secrets.every(({ isUsable }) => isUsable) ? 0 : 1 };
}

/** A secret as `status` shows it, or why it cannot. */
type ShownSecret =
  | { readonly opened: OpenSecret; readonly state: SecretState | undefined; readonly isUsable: boolean }
  | { readonly name: string; readonly problem: string; readonly isUsable: false };

async function showSecret(
  project: Project,
  name: string,
  account: Account,
): Promise<Result<ShownSecret, string>> {
  const kind = findSecret(project, name);
  if (!kind.ok) return kind;
  const opened = await openIn(account, kind.value);
  if (!opened.ok) return opened;
  const state = await readState(opened.value, new Date());
  if (!state.ok) return state;
  const isUsable = opened.value.stored.content !== undefined;
  return succeed({ opened: opened.value, state: state.value, isUsable });
}

/** What the log shows of one secret: which values are used, and whether the old ones can go. */
type SecretState = { readonly uses: readonly SecretUse[]; readonly verdict: Verdict };

/** Reads the state of one secret from the log; `undefined` where the secret cannot be used. */
async function readState(
  { account, kind, stored: { content, changedAt = new Date(0) } }: OpenSecret,
  now: Date,
): Promise<Result<SecretState | undefined, string>> {
  if (content === undefined) return succeed(undefined);
  const values = content.values.length;
  if (values === 1) return succeed({ uses: [], verdict: { kind: 'single' } });
  const { logGroups, url = '' } = account;
  if (logGroups?.ok === false) return logGroups;
  const read = logGroups === undefined ? secretUseOfLocalRun(url) : secretUseOfLogs(logGroups.value);
  const since = traceableFrom(changedAt);
  const uses = since < now ? await read(kind.trace, since) : [];
  return succeed({ uses, verdict: judgeRotation({ values, changedAt }, uses, now) });
}

function secretJson(shown: ShownSecret): object {
  if ('problem' in shown) return { name: shown.name, problem: shown.problem };
  const { place, stored } = shown.opened;
  const values = stored.content?.values.length ?? 0;
  return { secret: place.name, changedAt: stored.changedAt, values, ...shown.state };
}

function formatShown(shown: ShownSecret, now: Date): string {
  return 'problem' in shown
    ? escapeUnseen(`${shown.name}: ${shown.problem}`)
    : formatSecret(shown.opened, shown.state, now);
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

export function registerRotate(group: Command): void {
  withAccount(group.command('rotate'))
    .description(
      'put a new value before the old one, which stays valid; with --finish, take the old one away',
    )
    .argument('<name>', NAME_ARGUMENT)
    .option('--finish', 'take the old value away, if it was not used for 24 hours')
    .addOption(
      new Option('--undo', 'take the latest change back: the version before is in use again').conflicts(
        'finish',
      ),
    )
    .option('--force', 'with --finish: whatever the log says')
    .option('--yes', 'with --finish or --undo: do not ask')
    .addHelpText(
      'after',
      example('secrets rotate stripe', 'secrets rotate stripe --finish', 'secrets rotate stripe --undo'),
    )
    .action((name, options) => run(() => changeSecret(projectOf(PROJECT, options), { name, ...options })));
}

type ChangeOptions = FinishOptions & {
  readonly finish?: boolean | undefined;
  readonly undo?: boolean | undefined;
};

async function changeSecret(
  project: Project,
  { finish, undo, ...options }: ChangeOptions,
): Promise<CommandResult> {
  if (finish === true) return finishRotation(project, options);
  if (options.force === true) return refuse('--force goes with --finish.');
  if (undo === true) return undoChange(project, options);
  if (options.yes === true) return refuse('--yes goes with --finish or --undo.');
  return rotateSecret(project, options);
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
      `To take this back: secrets rotate ${kind.title}${at} --undo`,
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

  const found = await judgeFinish(opened.value, options);
  if (!found.ok) return refuse(found.failure);
  const isSure = options.yes === true || (await ask?.(question(opened.value, found.value))) === true;
  if (!isSure) return { text: 'Nothing was changed.', exitCode: 1 };

  const text = kind.write({ ...stored.content, values: values.slice(0, 1) }, stored.kept);
  const written = await replaceStored(place, stored, text);
  return written.ok ? formatFinished(opened.value, options) : refuse(written.failure);
}

/** What the log says about the old values, where they can go; with `--force`, the log is not read. */
async function judgeFinish(opened: UsableSecret, { force }: FinishOptions): Promise<Result<string, string>> {
  if (force === true) return succeed('The log was not asked whether the old value is still used.');
  const { kind } = opened;
  const nothing = 'Nothing was changed. To take it away all the same: --force';
  const state = await readState(opened, new Date());
  if (!state.ok) return fail(`${state.failure}\n${nothing}`);
  const verdict = state.value?.verdict ?? { kind: 'newest-unused' };
  return verdict.kind === 'free'
    ? succeed(formatVerdict(verdict, kind))
    : fail(`${formatVerdict(verdict, kind)}\n${nothing}`);
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
