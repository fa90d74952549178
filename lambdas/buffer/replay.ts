import * as z from 'zod/mini';
import { parseJson } from '../result.ts';

const revisionSchema = z.int().check(z.minimum(1));

/** What a person permits beyond a plain replay. */
const permitted = {
  /** Whether to send an event that Webex Campaign may have accepted already. */
  unconfirmed: z.optional(z.literal(true)),
  /** Whether to send an event that is older than the mapping's `max-age`. */
  late: z.optional(z.literal(true)),
};

const groupSchema = z.strictObject({
  /** The event's name in the mapping. */
  event: z.string(),
  /** Its items in the batch, from 0; missing where the event has no items. */
  items: z.optional(itemRangesSchema()),
  /**
   * The revision that the person saw of each of these events' ledger entries. The permission holds for that revision only:
   * the first claim uses it up, however often SQS delivers the message.
   */
  revision: z.optional(revisionSchema),
});

const currentSchema = z.strictObject({
  /** The events that are replayed. Where none is named, all of the webhook's events are, as the ledger allows. */
  events: z.optional(z.array(groupSchema).check(z.minLength(1))),
  ...permitted,
});

/** As 0.1.0 wrote it: of one event at most. */
const firstSchema = z.pipe(
  z.strictObject({
    event: z.string(),
    item: z.optional(z.int().check(z.minimum(0))),
    revision: z.optional(revisionSchema),
    ...permitted,
  }),
  z.transform(({ event, item, revision, ...rest }): Replay => {
    const group = {
      event,
      ...(item !== undefined && { items: [item] }),
      ...(revision !== undefined && { revision }),
    };
    return { events: [group], ...rest };
  }),
);

/** An operator's permission to send events again that have ended. */
export type Replay = {
  readonly events?: readonly ReplayGroup[] | undefined;
  readonly unconfirmed?: true | undefined;
  readonly late?: true | undefined;
};

/** Events with one name whose ledger entries a person saw at one revision. */
export type ReplayGroup = {
  readonly event: string;
  readonly items?: readonly number[] | undefined;
  readonly revision?: number | undefined;
};

/** The attribute that carries a replay, as JSON. */
export const replayAttributeSchema = z.pipe(
  z.pipe(z.string(), z.transform(parseJson)),
  z.union([firstSchema, currentSchema]),
);

/** Writes a replay as the attribute that carries it. */
export function writeReplay({ events, ...permission }: Replay): string {
  const groups = events?.map(({ items, ...group }) => ({
    ...group,
    ...(items && { items: writeItemRanges(items) }),
  }));
  return JSON.stringify({ ...(groups && { events: groups }), ...permission });
}

/** Reads the replay of a message, also of one whose other attributes cannot be read; `undefined` where there is none. */
export function readReplay(attributes: Readonly<Record<string, string>>): Replay | undefined {
  const read = replayAttributeSchema.safeParse(attributes.replay);
  return read.success ? read.data : undefined;
}

/** A person's permission for one event. */
export type EventReplay = Pick<ReplayGroup, 'revision'> & Pick<Replay, 'unconfirmed' | 'late'>;

/** An event as a replay names it. */
export type NamedEvent = { readonly name: string; readonly item?: number };

/** What a replay means for the events that the mapping makes of its webhook. */
type AppliedReplay<Event> = {
  /** The events that are replayed; all others are left alone. */
  readonly chosen: readonly { readonly event: Event; readonly replay: EventReplay }[];
  /** Those that the replay names and the mapping no longer has. */
  readonly missing: readonly NamedEvent[];
};

/**
 * Finds the events that a replay is about. An event that was renamed is found by its former names. Where the dead letter
 * knew of no items and the mapping has some now, each of them is meant; the revision was the whole event's, and is not
 * theirs.
 */
export function applyReplay<Event extends NamedEvent & { readonly formerly?: readonly string[] }>(
  { events: groups, ...permission }: Replay,
  events: readonly Event[],
): AppliedReplay<Event> {
  if (groups === undefined)
    return { chosen: events.map((event) => ({ event, replay: permission })), missing: [] };
  const named = new Map(groups.flatMap((group) => namedIn(group).map((one) => [keyOf(one), { one, group }])));
  const met = new Set<string>();
  const chosen = events.flatMap((event) => {
    const names = [event.name, ...(event.formerly ?? [])];
    const exact = names.map((name) => keyOf({ ...event, name })).find((key) => named.has(key));
    const key = exact ?? names.map((name) => keyOf({ name })).find((whole) => named.has(whole));
    if (key === undefined) return [];
    met.add(key);
    const revision = key === exact ? named.get(key)?.group.revision : undefined;
    return [{ event, replay: { ...permission, ...(revision !== undefined && { revision }) } }];
  });
  return { chosen, missing: [...named].flatMap(([key, { one }]) => (met.has(key) ? [] : [one])) };
}

/** Each event of a group. */
function namedIn({ event: name, items }: ReplayGroup): readonly NamedEvent[] {
  return items === undefined ? [{ name }] : items.map((item) => ({ name, item }));
}

function keyOf({ name, item }: NamedEvent): string {
  return item === undefined ? name : `${name}#${item}`;
}

/** Writes the items of a batch, counted from 0, in few characters: 0 to 41 and 43 are "0-41,43". */
export function writeItemRanges(items: Iterable<number>): string {
  const ranges: [first: number, last: number][] = [];
  for (const item of [...new Set(items)].sort((one, other) => one - other)) {
    const latest = ranges.at(-1);
    if (latest !== undefined && latest[1] === item - 1) latest[1] = item;
    else ranges.push([item, item]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** Reads what `writeItemRanges` wrote, in ascending order. */
export function itemRangesSchema() {
  const ranges = z.string().check(z.regex(/^\d{1,7}(-\d{1,7})?(,\d{1,7}(-\d{1,7})?)*$/));
  return z.pipe(ranges, z.transform(readItemRanges));
}

function readItemRanges(text: string): readonly number[] {
  return text.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
