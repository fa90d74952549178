import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../result.ts';
import { follow, matchesEventType } from '../webhook-body.ts';
import { type EventRecipe, type MappedOnce, mapEvent } from './event.ts';
import {
  compileValue,
  type Definitions,
  evaluate,
  isJsonataFunction,
  isNullVariant,
  type LocatedValue,
  type Scope,
} from './expression.ts';
import type { MapFailure, ValueType } from './failure.ts';
import type { EventMapping, Mapping } from './mapping.ts';

/** What the mapping says about delivering an event. */
type DeliveryTerms = {
  readonly onUnconfirmed: EventMapping['on-unconfirmed'];
  /** After so many seconds it is too old to be sent. */
  readonly maxAgeSeconds?: number;
  /** Changes whenever the mapping of this event does: a short hash. */
  readonly mappingVersion: string;
};

/** One event of a mapping, ready for use. */
type CompiledEvent = EventRecipe & {
  readonly terms: DeliveryTerms;
  readonly items: LocatedValue | undefined;
  readonly identity: IdentityRecipe;
};

/** A webhook as map sees it. */
export type MappableWebhook = Scope & {
  /** In the vendor's words; more than one only where it is a batch. */
  readonly eventTypes: readonly string[];
};

/** Which event of a webhook, and which fact it is of. */
type WhichEvent = {
  /** The event's name in the mapping. */
  readonly name: string;
  /** Which item of the webhook it is of, from 0; missing where the event has no `items`. */
  readonly item?: number;
  /** The id of the fact; missing where only the webhook's id and the item's place identify the event. */
  readonly identity?: string;
  readonly terms: DeliveryTerms;
};

/** An event of a webhook that is not mapped yet. */
export type PendingEvent = WhichEvent & {
  /** Names that the event had in earlier mappings. */
  readonly formerly: readonly string[];
  /** Evaluates condition, key and parameters. */
  readonly map: () => Promise<Mapped>;
};

/** What one event of a mapping makes of one webhook. */
export type Mapped = WhichEvent & (MappedOnce | { readonly kind: 'skipped'; readonly code: 'no-items' });

/** A mapping, ready for use. */
export type CompiledMapping = {
  readonly source: string;
  /** Names that the source had in earlier mappings. */
  readonly formerly: readonly string[];
  readonly events: readonly CompiledEvent[];
  /** Changes whenever a webhook's list of events may change: a short hash. */
  readonly digest: string;
  /** Which fields of a form hold JSON. */
  readonly form?: Mapping['form'];
  /** How the vendor's body changed with each delivery in 0.1.0's time, where it did. */
  readonly redelivery?: Redelivery;
};

/** Mappings ready for use, by their source; also by a name that it had before. */
export type PreparedMappings = Pick<ReadonlyMap<string, CompiledMapping>, 'get'>;

/**
 * Compiles the first `atOnce` mappings at once, and each of the others when its first webhook comes: a cold start serves
 * few sources, and must not wait for hundreds. Each is compiled once.
 */
export function prepareMappings(mappings: readonly Mapping[], atOnce: number): PreparedMappings {
  const bySource = new Map(
    mappings.flatMap((mapping) =>
      [mapping.source, ...(mapping.formerly ?? [])].map((name) => [name, mapping] as const),
    ),
  );
  const prepared = new Map(
    mappings.slice(0, atOnce).map((mapping) => [mapping.source, compileMapping(mapping)]),
  );
  return {
    get: (name) => {
      const mapping = bySource.get(name);
      if (mapping === undefined) return undefined;
      const made = prepared.get(mapping.source) ?? compileMapping(mapping);
      prepared.set(mapping.source, made);
      return made;
    },
  };
}

/** Makes a mapping ready for use. An expression that does not parse fails when it is used; synth lets none through. */
export function compileMapping(mapping: Mapping): CompiledMapping {
  const { source, formerly = [], events, let: definitions, itemId = [], form, redelivery } = mapping;
  return {
    source,
    formerly,
    events: events.map((event) => compileEvent(event, { definitions, itemId })),
    // Without a form it is what it was before there was this option: progress on a webhook is kept under it.
    digest: hashOf([events, definitions, itemId, ...(form === undefined ? [] : [form])]),
    ...(form !== undefined && { form }),
    ...(redelivery !== undefined && { redelivery }),
  };
}

function compileEvent(
  event: EventMapping,
  { definitions, itemId }: { readonly definitions: Definitions; readonly itemId: IdentityRecipe['itemId'] },
): CompiledEvent {
  const place = (path: string, expression: string): LocatedValue => ({
    place: { path, expression },
    evaluate: compileValue(expression, definitions),
  });
  const optional = (path: 'items' | 'when' | 'event-time' | 'deduplication-id') =>
    event[path] === undefined ? undefined : place(path, event[path]);
  return {
    mapping: event,
    terms: termsOf(event, definitions),
    items: optional('items'),
    identity: { expression: optional('deduplication-id'), itemId },
    when: optional('when'),
    key: place('event-key', event['event-key'].value),
    time: optional('event-time'),
    params: Object.entries(event['event-params']).map(([name, value]) => ({
      name,
      isRequired: event.required.includes(name),
      ...place(`event-params.${name}`, value),
    })),
  };
}

function termsOf(event: EventMapping, definitions: Definitions): DeliveryTerms {
  const maxAgeSeconds = event['max-age'];
  return {
    onUnconfirmed: event['on-unconfirmed'],
    mappingVersion: hashOf([event, definitions]),
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
  };
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}

/** Whether an event of a mapping is on one of these types. */
export function isOn({ on }: Pick<EventMapping, 'on'>, eventTypes: readonly string[]): boolean {
  return on.some((pattern) => eventTypes.some((eventType) => matchesEventType(pattern, eventType)));
}

/**
 * Lists the events of a webhook in the order of the mapping: every event that is on one of its types, once for each item.
 * Items and identities are found; nothing else is evaluated. The same mapping and webhook give the same list.
 */
export async function eventsOf(
  { events }: CompiledMapping,
  webhook: MappableWebhook,
): Promise<readonly PendingEvent[]> {
  const pending: PendingEvent[] = [];
  for (const event of events) {
    if (isOn(event.mapping, webhook.eventTypes)) pending.push(...(await pendingOf(event, webhook)));
  }
  return pending;
}

/**
 * Maps all events of a webhook, in the order of the mapping. Whatever the webhook holds, each result is a payload within
 * the contract, a skip, or a named rejection.
 */
export async function mapWebhook(
  mapping: CompiledMapping,
  webhook: MappableWebhook,
): Promise<readonly Mapped[]> {
  const mapped: Mapped[] = [];
  for (const pending of await eventsOf(mapping, webhook)) mapped.push(await pending.map());
  return mapped;
}

/** One event of the mapping, for the webhook as a whole or for each of its items. */
async function pendingOf(
  compiled: CompiledEvent,
  webhook: MappableWebhook,
): Promise<readonly PendingEvent[]> {
  const { items, mapping, terms } = compiled;
  if (items === undefined) return [await pendingEvent(compiled, webhook, {})];
  const which = { name: mapping.name, terms };
  const found = await evaluate(items, webhook);
  if (!found.ok) return [ended(compiled, { ...which, kind: 'rejected', failure: found.failure })];
  const list = itemsIn(found.value);
  if (list.length === 0) return [ended(compiled, { ...which, kind: 'skipped', code: 'no-items' })];
  const pending: PendingEvent[] = [];
  for (const [index, item] of list.entries()) {
    pending.push(await pendingEvent(compiled, { ...webhook, item }, { item: index }));
  }
  return pending;
}

async function pendingEvent(
  compiled: CompiledEvent,
  scope: Scope,
  place: { readonly item?: number },
): Promise<PendingEvent> {
  const which = { name: compiled.mapping.name, terms: compiled.terms, ...place };
  const identity = await identityOf(compiled.identity, scope);
  if (!identity.ok) return ended(compiled, { ...which, kind: 'rejected', failure: identity.failure });
  const identified = identity.value === undefined ? which : { ...which, identity: identity.value };
  return {
    ...identified,
    formerly: formerNames(compiled),
    map: async () => ({ ...identified, ...(await mapEvent(compiled, scope)) }),
  };
}

/** An event of which it is known already what becomes of it. */
function ended(compiled: CompiledEvent, mapped: Mapped): PendingEvent {
  const { name, item, terms } = mapped;
  return {
    name,
    terms,
    ...(item !== undefined && { item }),
    formerly: formerNames(compiled),
    map: async () => mapped,
  };
}

function formerNames({ mapping }: CompiledEvent): readonly string[] {
  return mapping.formerly ?? [];
}

/** JSONata returns `undefined` for no item, and the item itself for a single one. */
function itemsIn(found: unknown): readonly unknown[] {
  if (found === undefined || found === null) return [];
  return Array.isArray(found) ? [...found] : [found];
}

/** Says which fact an event is of. */
type IdentityRecipe = {
  /** The mapping's own id; if there is one, the vendor's is not asked. */
  readonly expression: LocatedValue | undefined;
  /** JSON pointers into an item: the first list of which all members are there is the item's id. */
  readonly itemId: readonly (readonly string[])[];
};

/**
 * The id of the fact that an event is of, the same for every webhook that reports it. `undefined` if there is none: then
 * the webhook's id and the item's place identify the event. Fails if the mapping's expression does, or gives no id.
 */
async function identityOf(
  { expression, itemId }: IdentityRecipe,
  scope: Scope,
): Promise<Result<string | undefined, MapFailure>> {
  if (expression === undefined) return succeed(itemIdOf('item' in scope ? scope.item : scope.body, itemId));
  const found = await evaluate(expression, scope);
  if (!found.ok) return found;
  const type = unusableType(found.value);
  if (type !== undefined) return fail({ code: 'deduplication-id-unusable', ...expression.place, type });
  const text = String(found.value ?? '');
  return succeed(text.trim() === '' || isNullVariant(text) ? undefined : shortenIdentity(text));
}

/** What an id cannot be. True or false would make one event of all that have it in common. */
function unusableType(value: unknown): ValueType | undefined {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return 'array';
  return isJsonataFunction(value) ? 'function' : 'object';
}

function itemIdOf(item: unknown, lists: IdentityRecipe['itemId']): string | undefined {
  for (const pointers of lists) {
    const members = pointers.map((pointer) => memberOf(item, pointer));
    if (!members.includes('')) return shortenIdentity(members.map(escapeColon).join(':'));
  }
  return undefined;
}

/** A member as text; empty if it is missing, or no text, number or boolean. */
function memberOf(item: unknown, pointer: string): string {
  const [value] = follow(item, pointer);
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '';
}

/** So that a member with a colon in it cannot look like two: no two lists of members have the same id. */
function escapeColon(member: string, _: number, { length }: readonly string[]): string {
  return length === 1 ? member : member.replaceAll('%', '%25').replaceAll(':', '%3A');
}

/** An id as the ledger's key has it: one that is long, or more than printable ASCII, is replaced by its hash. */
export function shortenIdentity(id: string): string {
  if (/^[ -~]{1,256}$/.test(id)) return id;
  return `sha256:${createHash('sha256').update(JSON.stringify(id)).digest('hex')}`;
}

/**
 * The member of a body that changes with each delivery, and its value in the first: `0` where it counts, `false` where it
 * turns `true`. 0.1.0 took the body's hash for the id of such a webhook.
 */
export type Redelivery = { readonly member: string; readonly first: 0 | false };

/** No vendor tries as often. */
const MAX_EARLIER = 20;

/**
 * The bodies of the deliveries before this one, latest first, with every other byte kept. Where several items of a batch
 * count, they have counted together.
 */
export function earlierBodies(rawBody: Uint8Array, { member, first }: Redelivery): readonly Uint8Array[] {
  // One character a byte: what is not replaced stays as it is, whatever its encoding.
  const text = Buffer.from(rawBody).toString('latin1');
  const value = first === false ? 'true' : '\\d{1,9}';
  // JSON escapes every quote within a text, so that this is a member's name.
  const members = new RegExp(`(?<!\\\\)("${member}"\\s*:\\s*)(${value})(?![\\d.eE])`, 'g');
  const rewrite = (change: (value: string) => string) =>
    Buffer.from(
      text.replaceAll(members, (_, name: string, found: string) => name + change(found)),
      'latin1',
    );
  const found = [...text.matchAll(members)].map((match) => Number(match[2]));
  if (found.length === 0) return [];
  if (first === false) return [rewrite(() => 'false')];
  const deliveries = found.reduce((least, count) => Math.min(least, count), MAX_EARLIER);
  return Array.from({ length: deliveries }, (_, index) =>
    rewrite((count) => String(Number(count) - index - 1)),
  );
}
