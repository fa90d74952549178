import { type AccountChoice, openAccount } from '../../answers/account.ts';
import type { Project } from '../../answers/project.ts';
import { foldersOf } from '../../lib/mapping/folders.ts';
import { type CommandResult, refuse, sayDuration } from '../command-line.ts';
import { type OpenSecret, openIn, sayMinute, sayValues } from './account.ts';
import { findSecret, type SecretKind, WEBEX_CAMPAIGN } from './kind.ts';
import {
  judgeRotation,
  QUIET_HOURS,
  type ReadSlotUse,
  type SlotUse,
  slotUseOfLocalRun,
  slotUseOfStack,
  traceableFrom,
  type Verdict,
} from './use.ts';

export type StatusOptions = AccountChoice & {
  readonly name?: string | undefined;
  readonly json?: boolean | undefined;
};

/** What is known of one secret: how many values, which are used, and whether the old ones can go. */
export type SecretState = { readonly uses: readonly SlotUse[]; readonly verdict: Verdict };

/** `adapter secrets status`: which secrets are set, which slot is used, and whether an old value can go. */
export async function tellSecrets(project: Project, options: StatusOptions): Promise<CommandResult> {
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
  const read: ReadSlotUse =
    account.url === undefined ? slotUseOfStack(account.stackName) : slotUseOfLocalRun(account.url);
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
  const title = `${place.name}: ${sayValues(kind, content.values.length)}${since}`;
  if (state === undefined || state.verdict.kind === 'single') return title;
  const from = traceableFrom(changedAt ?? new Date(0));
  const lines =
    from > now
      ? [
          `  The log tells them apart from ${sayMinute(from)} on: until then a function may know the old order.`,
        ]
      : content.values.map((_, slot) => describeSlot(state.uses, slot, now));
  return [title, ...lines, `  ${sayVerdict(state.verdict, kind)}`].join('\n');
}

function describeSlot(uses: readonly SlotUse[], slot: number, now: Date): string {
  const which = slot === 0 ? 'newest' : slot === 1 ? 'old' : `old (${slot})`;
  const use = uses.find((one) => one.slot === slot);
  const told =
    use === undefined
      ? 'not used since'
      : `used ${use.count} times, last ${use.lastAt.toISOString()} (${sayDuration((now.getTime() - use.lastAt.getTime()) / 1000)} ago)`;
  return `  ${which.padEnd(8)}${told}`;
}

/** Whether the old values can go, and if not, why not and what to do. */
export function sayVerdict(verdict: Verdict, { noun, title }: SecretKind): string {
  switch (verdict.kind) {
    case 'single':
      return `There is one ${noun}: nothing is rotating.`;
    case 'old-used':
      return `The old ${noun} is still used (last ${verdict.lastAt.toISOString()}). ${STILL_USED[noun]}`;
    case 'newest-unused':
      return `Nothing shows yet that the new ${noun} works: ${UNPROVED[noun]}`;
    case 'too-early':
      return `So far the new ${noun} alone is used. The old one can go from ${verdict.freeAt.toISOString().slice(0, 10)} ${sayMinute(verdict.freeAt)}, ${QUIET_HOURS} hours after the rotation.`;
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
