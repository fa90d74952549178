import { createHash } from 'node:crypto';
import { matchesEventType } from '../webhook-body.ts';
import { type EventRecipe, type MappedOnce, mapEvent } from './event.ts';
import { compileValue, type Definitions, evaluate, type LocatedValue, type Scope } from './expression.ts';
import { type IdentityRecipe, identityOf } from './identity.ts';
import type { EventMapping, Mapping } from './mapping.ts';
import type { Redelivery } from './redelivery.ts';

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
