import { isDeepStrictEqual } from 'node:util';
import { MAX_PARAMETERS, MAX_PAYLOAD_BYTES } from '../../lambdas/map/event.ts';
import type { EventMapping, Mapping } from '../../lambdas/map/mapping.ts';
import type { Outcome, Sends } from './outcome.ts';

/** What a change of a mapping can do to a customer. */
export const CHANGE_CLASSES = [
  'newly-sent',
  'no-longer-sent',
  'newly-rejected',
  'other-person',
  'other-definition',
  'parameter-added',
  'parameter-removed',
  'parameter-changed',
  'identity-changed',
  'nearer-limit',
] as const;

export type ChangeClass = (typeof CHANGE_CLASSES)[number];

type Sent = Extract<Outcome, { kind: 'sent' }>;

/** One thing that differs between the outcomes of one webhook. */
export type Difference = {
  readonly class: ChangeClass;
  /** The parameter, the code of the rejection, or which limit. */
  readonly subject?: string;
  readonly item?: number;
  /** Whom it is for: the event key. */
  readonly person?: string;
  /** The value that differs; why it is not sent; or the code of the rejection. */
  readonly before?: string;
  readonly after?: string;
  /** Why its condition is not met on the side that does not send it, in words with the webhook's values. */
  readonly because?: string;
  /** What is sent now, or was sent and is no longer. */
  readonly sends?: Sends;
};

/** From this share of a limit on, an event that grows is reported. */
const NEAR = 0.8;

const NO_SUCH_ITEM: Outcome = { kind: 'not-sent', why: 'no-such-item' };

/** What differs between the outcomes of one webhook by one event; one item of a batch is compared with what it was before. */
export function compareOutcomes(
  before: readonly Outcome[],
  after: readonly Outcome[],
): readonly Difference[] {
  return pairOutcomes(before, after).flatMap(([one = standIn(before), other = standIn(after)]) =>
    differencesOf(one, other),
  );
}

/** What stands for an item that a side does not have: why it has none, if that is known. */
function standIn(outcomes: readonly Outcome[]): Outcome {
  return outcomes.find(({ kind, item }) => kind !== 'sent' && item === undefined) ?? NO_SUCH_ITEM;
}

type Pair = readonly [before: Outcome | undefined, after: Outcome | undefined];

/** Which outcomes are of the same item, the surest sign first: another place in the list makes no other item of it. */
const SAME_ITEM: readonly ((one: Outcome, other: Outcome) => boolean)[] = [
  (one, other) => one.identity !== undefined && one.identity === other.identity,
  (one, other) => isSameSend(one, other) && one.item === other.item,
  isSameSend,
  (one, other) => one.item === other.item,
];

function isSameSend(one: Outcome, other: Outcome): boolean {
  return one.kind === 'sent' && other.kind === 'sent' && isDeepStrictEqual(one.sends, other.sends);
}

function pairOutcomes(before: readonly Outcome[], after: readonly Outcome[]): readonly Pair[] {
  const pairs: Pair[] = [];
  const rest = { before: [...before], after: [...after] };
  for (const isSame of SAME_ITEM) {
    for (const one of [...rest.before]) {
      const other = rest.after.find((candidate) => isSame(one, candidate));
      if (other === undefined) continue;
      pairs.push([one, other]);
      rest.before.splice(rest.before.indexOf(one), 1);
      rest.after.splice(rest.after.indexOf(other), 1);
    }
  }
  return [
    ...pairs,
    ...rest.before.map((one): Pair => [one, undefined]),
    ...rest.after.map((other): Pair => [undefined, other]),
  ];
}

function differencesOf(before: Outcome, after: Outcome): readonly Difference[] {
  const item = after.item ?? before.item;
  const found =
    before.kind === 'sent' && after.kind === 'sent' ? compareSent(before, after) : compareFate(before, after);
  return found.map((one) => ({ ...(item !== undefined && { item }), ...one }));
}

/** Of an event that is not sent on both sides. */
function compareFate(before: Outcome, after: Outcome): readonly Difference[] {
  const [was, is] = [formatWhy(before), formatWhy(after)];
  switch (after.kind) {
    case 'sent':
      return [{ class: 'newly-sent', ...sendsOf(after), before: was, ...reasonOf(before) }];
    case 'rejected': {
      const isOld =
        (before.kind === 'rejected' && before.code === after.code) ||
        (before.kind === 'not-sent' && after.isWhole === true);
      const subject = after.code;
      return isOld ? [] : [{ class: 'newly-rejected', subject, ...sendsOf(before), before: was, after: is }];
    }
    case 'not-sent':
      return before.kind === 'sent'
        ? [{ class: 'no-longer-sent', ...sendsOf(before), after: is, ...reasonOf(after) }]
        : [];
  }
}

export function sendsOf(outcome: Outcome): Pick<Difference, 'person' | 'sends'> {
  return outcome.kind === 'sent' ? { person: outcome.sends.eventKey, sends: outcome.sends } : {};
}

function reasonOf({ because }: Outcome): Pick<Difference, 'because'> {
  return because === undefined ? {} : { because };
}

function formatWhy(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'sent':
      return 'sent';
    case 'rejected':
      return outcome.at === undefined ? outcome.code : `${outcome.code} at ${outcome.at}`;
    case 'not-sent':
      return outcome.why;
  }
}

function compareSent(before: Sent, after: Sent): readonly Difference[] {
  const { eventId, eventKey: person, params } = after.sends;
  const found = [
    ...difference('other-person', before.sends.eventKey, person),
    ...difference('other-definition', before.sends.eventId, eventId),
    ...compareParameters(before.sends.params, params),
    ...(after.known.includes(before.key) ? [] : difference('identity-changed', before.key, after.key)),
    ...compareLimit('bytes', [before.bytes, after.bytes], MAX_PAYLOAD_BYTES),
    ...compareLimit('parameters', [countOf(before), countOf(after)], MAX_PARAMETERS),
  ];
  return found.map((one) => ({ ...one, person }));
}

function difference(name: ChangeClass, before: string, after: string): readonly Difference[] {
  return before === after ? [] : [{ class: name, before, after }];
}

function countOf({ sends }: Sent): number {
  return Object.keys(sends.params).length;
}

function compareParameters(before: Sends['params'], after: Sends['params']): readonly Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((subject): readonly Difference[] => {
    const [was, is] = [textOf(before, subject), textOf(after, subject)];
    if (was === is) return [];
    if (was === undefined) return [{ class: 'parameter-added', subject, after: is ?? '' }];
    if (is === undefined) return [{ class: 'parameter-removed', subject, before: was }];
    return [{ class: 'parameter-changed', subject, before: was, after: is }];
  });
}

/** A parameter may be called `toString`. */
function textOf(params: Sends['params'], name: string): string | undefined {
  return Object.hasOwn(params, name) ? params[name] : undefined;
}

function compareLimit(
  subject: string,
  [was, is]: readonly [number, number],
  limit: number,
): readonly Difference[] {
  if (is <= was || is < limit * NEAR) return [];
  return [{ class: 'nearer-limit', subject, before: `${was} of ${limit}`, after: `${is} of ${limit}` }];
}

/** Something that stands otherwise in the mapping: `when`, `event-params.amount`, `let.amount`. */
export type Edit = {
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
  /** In which stages. */
  readonly stages: readonly string[];
};

/** What has a name, and may have had others. */
type Named = { readonly name: string; readonly formerly?: readonly string[] | undefined };

/** What stands for the same thing on both sides, or on one of them alone. */
export type SidePair<One> = { readonly before?: One; readonly after?: One };

/**
 * Pairs what has the same name, or says that it had it; in the order of `after`, with what is gone at the end.
 * @param isRenamed finds what was most likely renamed without a word of it
 */
export function pairByName<One>(
  before: readonly One[],
  after: readonly One[],
  nameOf: (one: One) => Named,
  isRenamed: (before: One, after: One) => boolean = () => false,
): readonly SidePair<One>[] {
  const rest = [...before];
  const takeBy = (fits: (one: One) => boolean) => {
    const place = rest.findIndex(fits);
    return place < 0 ? undefined : rest.splice(place, 1)[0];
  };
  const byName = after.map((one) => {
    const { name, formerly = [] } = nameOf(one);
    const same = takeBy((other) => nameOf(other).name === name);
    return { after: one, before: same ?? takeBy((other) => formerly.includes(nameOf(other).name)) };
  });
  const pairs = byName.map(({ after: one, before: known }) => {
    const found = known ?? takeBy((other) => isRenamed(other, one));
    return found === undefined ? { after: one } : { before: found, after: one };
  });
  return [...pairs, ...rest.map((one) => ({ before: one }))];
}

/** Whether an event was most likely renamed: the same event definition is asked for on one of the same types. */
export function isRenamed(before: EventMapping, after: EventMapping): boolean {
  return before['event-id'] === after['event-id'] && before.on.some((type) => after.on.includes(type));
}

/** What stands otherwise in the mapping of one event, beside its name. */
export function editsOf(
  before: { readonly event: EventMapping; readonly definitions: Mapping['let'] },
  after: { readonly event: EventMapping; readonly definitions: Mapping['let'] },
  stages: readonly string[],
): readonly Edit[] {
  const [was, is] = [before, after].map(
    ({ event, definitions }) => new Map([...textsOf(event), ...usedDefinitions(event, definitions)]),
  );
  const paths = [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])];
  return paths.flatMap((path) => {
    const [one, other] = [was?.get(path), is?.get(path)];
    if (one === other) return [];
    return [
      {
        path,
        ...(one !== undefined && { before: one }),
        ...(other !== undefined && { after: other }),
        stages,
      },
    ];
  });
}

/** What a mapping says of an event, by the path of each text. */
function textsOf({ name: _, formerly: __, ...event }: EventMapping): readonly (readonly [string, string])[] {
  return Object.entries(event).flatMap(([path, value]): readonly (readonly [string, string])[] => {
    if (Array.isArray(value)) return value.length === 0 ? [] : [[path, value.join(', ')]];
    if (typeof value !== 'object') return [[path, String(value)]];
    return Object.entries(value).map(([member, text]) => [`${path}.${member}`, String(text)]);
  });
}

/** The definitions of `let` that an event uses, also by way of others. */
function usedDefinitions(
  event: EventMapping,
  definitions: Mapping['let'],
): readonly (readonly [string, string])[] {
  const used = new Set<string>();
  const texts = textsOf(event).map(([, text]) => text);
  for (const text of texts) {
    for (const [, name = ''] of text.matchAll(/\$(\w+)/g)) {
      const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      if (definition === undefined || used.has(name)) continue;
      used.add(name);
      texts.push(definition);
    }
  }
  return [...used].map((name) => [`let.${name}`, definitions[name] ?? '']);
}
