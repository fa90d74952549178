import { isDeepStrictEqual } from 'node:util';
import type { EventMapping, Mapping } from '../../lambdas/map/mapping.ts';
import {
  CHANGE_CLASSES,
  type ChangeClass,
  compareOutcomes,
  type Difference,
  type Edit,
  editsOf,
  isRenamed,
  pairByName,
  type SidePair,
  sendsOf,
} from './change.ts';
import {
  type ComparedWebhook,
  namesOf,
  type Outcome,
  type OutcomesOf,
  runWebhook,
  type SideSource,
} from './outcome.ts';

/** The mappings of some stages before and after a change; these stages have the same. */
export type Comparison = {
  readonly stages: readonly string[];
  readonly before: readonly SideSource[];
  readonly after: readonly SideSource[];
};

/** What differs for one webhook. Of a dead letter no value is kept: they are a customer's. */
export type Case = Omit<Difference, 'class' | 'subject'> &
  Pick<ComparedWebhook, 'from' | 'title'> & { readonly webhook: string };

/** What differs in one way, for one webhook or more. */
export type Change = Pick<Difference, 'class' | 'subject'> & {
  /** Of a parameter that was renamed: its name on the other side. */
  readonly otherName?: string;
  readonly stages: readonly string[];
  readonly cases: readonly Case[];
  /** Of a message that some no longer get by its condition: one or two cases that still get it, and why. */
  readonly stillSent?: readonly Case[];
};

/** What becomes of one message to customers, which is an event of a mapping, before and after. */
export type MessageDiff = {
  readonly source: string;
  readonly event: string;
  /** The name that it had, where it was renamed. */
  readonly formerSource?: string;
  readonly formerEvent?: string;
  /** Whether the mapping says what the event was called: otherwise the ledger does not find it. */
  readonly isRenameSaid?: boolean;
  /** Whether one side alone has it. */
  readonly only?: 'before' | 'after';
  /** The event types that it is on now, or was. */
  readonly on: readonly string[];
  /** The event definition that it asks for, by its id in these stages. */
  readonly eventIds: readonly {
    readonly before?: string;
    readonly after?: string;
    readonly stages: readonly string[];
  }[];
  /** For how many webhooks and items it was sent, and is sent now. */
  readonly sentBefore: number;
  readonly sentAfter: number;
  /** What was edited in the mapping, whether or not a webhook shows it. */
  readonly edits: readonly Edit[];
  readonly changes: readonly Change[];
};

/**
 * Runs old and new mappings over the same webhooks by today's engine. Lists the messages that were edited, renamed, added or
 * removed, and those that become something else.
 */
export async function diffMappings(
  comparisons: readonly Comparison[],
  webhooks: readonly ComparedWebhook[],
): Promise<readonly MessageDiff[]> {
  const found = new Map<string, MessageDiff>();
  for (const comparison of comparisons) {
    for (const message of await diffStages(comparison, webhooks)) {
      const id = JSON.stringify([message.source, message.event, message.only]);
      const known = found.get(id);
      found.set(id, known === undefined ? message : mergeStages(known, message));
    }
  }
  return [...found.values()];
}

/** What is the same in several stages stands once. */
function mergeStages(one: MessageDiff, other: MessageDiff): MessageDiff {
  const edits = mergeSame(one.edits, other.edits);
  const eventIds = mergeSame(one.eventIds, other.eventIds);
  return { ...one, edits, eventIds, changes: mergeSame(one.changes, other.changes) };
}

function mergeSame<One extends { readonly stages: readonly string[] }>(
  all: readonly One[],
  more: readonly One[],
): readonly One[] {
  const merged = [...all];
  for (const one of more) {
    const place = merged.findIndex((known) => isDeepStrictEqual({ ...known, stages: one.stages }, one));
    const known = merged[place];
    if (known === undefined) merged.push(one);
    else merged[place] = { ...known, stages: [...known.stages, ...one.stages] };
  }
  return merged;
}

async function diffStages(
  { stages, before, after }: Comparison,
  webhooks: readonly ComparedWebhook[],
): Promise<readonly MessageDiff[]> {
  const messages: MessageDiff[] = [];
  for (const pair of pairByName(before, after, nameOfSource)) {
    const names = [pair.before, pair.after].flatMap((side) => (side === undefined ? [] : namesOf(side)));
    const runs: Run[] = [];
    for (const compared of webhooks.filter(({ source }) => names.includes(source))) {
      runs.push({
        compared,
        before: await runWebhook(pair.before, compared),
        after: await runWebhook(pair.after, compared),
      });
    }
    messages.push(...diffSource(pair, runs, stages));
  }
  return messages;
}

function nameOfSource({ mapping }: SideSource) {
  return { name: mapping.source, formerly: mapping.formerly };
}

type Run = { readonly compared: ComparedWebhook; readonly before: OutcomesOf; readonly after: OutcomesOf };

function diffSource(
  { before, after }: SidePair<SideSource>,
  runs: readonly Run[],
  stages: readonly string[],
): readonly MessageDiff[] {
  const [was, is] = [before?.mapping, after?.mapping];
  const source = is?.source ?? was?.source ?? '';
  const former = was !== undefined && was.source !== source ? { formerSource: was.source } : {};
  const pairs = pairByName(was?.events ?? [], is?.events ?? [], (event) => event, isRenamed);
  return pairs
    .map((pair) => ({
      source,
      ...former,
      ...diffEvent(pair, runs, stages),
      edits: editsIn(pair, was, is, stages),
    }))
    .filter(isDifferent);
}

function isDifferent({ edits, changes, formerSource, formerEvent, only }: MessageDiff): boolean {
  const isRenamed = (formerSource ?? formerEvent) !== undefined;
  return edits.length + changes.length > 0 || isRenamed || only !== undefined;
}

function diffEvent(
  { before, after }: SidePair<EventMapping>,
  runs: readonly Run[],
  stages: readonly string[],
): Omit<MessageDiff, 'source' | 'edits'> {
  const event = after?.name ?? before?.name ?? '';
  const outcomes = runs.map((run) => ({
    compared: run.compared,
    before: run.before(before),
    after: run.after(after),
  }));
  const sent = (side: 'before' | 'after') =>
    outcomes.flatMap((one) => one[side]).filter(({ kind }) => kind === 'sent').length;
  return {
    event,
    ...(before !== undefined && before.name !== event && renameOf(before, after)),
    ...(before === undefined && { only: 'after' }),
    ...(after === undefined && { only: 'before' }),
    on: after?.on ?? before?.on ?? [],
    eventIds: [
      {
        ...(before !== undefined && { before: before['event-id'] }),
        ...(after !== undefined && { after: after['event-id'] }),
        stages,
      },
    ],
    sentBefore: sent('before'),
    sentAfter: sent('after'),
    changes: groupChanges(
      outcomes.flatMap(({ compared, ...one }) =>
        compareOutcomes(one.before, one.after).map((difference) => ({ compared, difference })),
      ),
      stages,
    ).map((change) => withStillSent(change, outcomes)),
  };
}

type Outcomes = {
  readonly compared: ComparedWebhook;
  readonly before: readonly Outcome[];
  readonly after: readonly Outcome[];
};

/** Two show where the boundary is. */
const MAX_STILL_SENT = 2;

function withStillSent(change: Change, outcomes: readonly Outcomes[]): Change {
  if (change.class !== 'no-longer-sent' || !change.cases.some(({ because }) => because !== undefined))
    return change;
  const stillSent = outcomes
    .filter(({ before }) => before.some(({ kind }) => kind === 'sent'))
    .flatMap(({ compared, after }) =>
      after.flatMap((outcome) => {
        const { item, because } = outcome;
        if (outcome.kind !== 'sent' || because === undefined) return [];
        const values = withoutUndefined({ item, because });
        const difference: Difference = { class: change.class, ...values, ...sendsOf(outcome) };
        return [caseOf({ compared, difference })];
      }),
    );
  return { ...change, stillSent: stillSent.slice(0, MAX_STILL_SENT) };
}

function renameOf({ name }: EventMapping, after: EventMapping | undefined) {
  return { formerEvent: name, isRenameSaid: after?.formerly?.includes(name) === true };
}

type Found = { readonly compared: ComparedWebhook; readonly difference: Difference };

/** One change of each kind and subject, with its cases; the gravest kind first. */
function groupChanges(found: readonly Found[], stages: readonly string[]): readonly Change[] {
  const groups = Map.groupBy(found, ({ difference }) =>
    JSON.stringify([CHANGE_CLASSES.indexOf(difference.class), difference.subject]),
  );
  const changes = [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { class: name, subject } = first.difference;
    const otherName = findOtherName(group, found);
    const change = { class: name, ...(subject !== undefined && { subject }) };
    return [{ ...change, ...(otherName !== undefined && { otherName }), stages, cases: group.map(caseOf) }];
  });
  const gravity = ({ class: name }: Change) => CHANGE_CLASSES.indexOf(name);
  return changes.toSorted((one, other) => gravity(one) - gravity(other));
}

const OPPOSITE: Partial<Record<ChangeClass, ChangeClass>> = {
  'parameter-added': 'parameter-removed',
  'parameter-removed': 'parameter-added',
};

/** The name on the other side of a parameter that has all its values under another name there. */
function findOtherName(group: readonly Found[], all: readonly Found[]): string | undefined {
  const [{ difference: first } = { difference: undefined }] = group;
  const opposite = first && OPPOSITE[first.class];
  if (opposite === undefined) return undefined;
  const others = Map.groupBy(
    all.filter(({ difference }) => difference.class === opposite),
    ({ difference }) => difference.subject,
  );
  const textOf = ({ compared, difference: { item, before, after } }: Found) =>
    JSON.stringify([compared.name, item, before ?? after]);
  const texts = group.map(textOf);
  return [...others].find(([, other]) => isDeepStrictEqual(other.map(textOf), texts))?.[0];
}

/** Of a dead letter no value is kept; codes and the ids of event definitions are no values. */
function caseOf({ compared, difference }: Found): Case {
  const { class: name, subject: _, ...values } = difference;
  const { name: webhook, from, title } = compared;
  const which = { webhook, from, ...(title !== undefined && { title }) };
  if (from !== 'dead-letter') return { ...which, ...values };
  const { item, before, after } = difference;
  const shown = HAS_VALUES[name] ? {} : { before, after };
  return { ...which, ...withoutUndefined({ item, ...shown }) };
}

/** Whether what stands before and after is a customer's. */
const HAS_VALUES: Readonly<Record<ChangeClass, boolean>> = {
  'newly-sent': false,
  'no-longer-sent': false,
  'newly-rejected': false,
  'other-person': true,
  'other-definition': false,
  'parameter-added': true,
  'parameter-removed': true,
  'parameter-changed': true,
  'identity-changed': true,
  'nearer-limit': false,
};

function withoutUndefined<Members extends object>(members: Members): Partial<Members> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Partial<Members>;
}

function editsIn(
  { before, after }: SidePair<EventMapping>,
  was: Mapping | undefined,
  is: Mapping | undefined,
  stages: readonly string[],
): readonly Edit[] {
  if (before === undefined || after === undefined) return [];
  return editsOf(
    { event: before, definitions: was?.let ?? {} },
    { event: after, definitions: is?.let ?? {} },
    stages,
  );
}
