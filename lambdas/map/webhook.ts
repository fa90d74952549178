import { createHash } from 'node:crypto';
import { matchesEventType } from '../webhook-body.ts';
import { type EventRecipe, type MappedOnce, mapEvent } from './event.ts';
import { compileValue, type Definitions, evaluate, type LocatedValue, type Scope } from './expression.ts';
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
};

/** A webhook as map sees it. */
export type MappableWebhook = Scope & {
  /** In the vendor's words; more than one only where it is a batch. */
  readonly eventTypes: readonly string[];
};

/** What one event of a mapping makes of one webhook. */
export type Mapped = {
  /** The event's name in the mapping. */
  readonly name: string;
  /** Which item of the webhook it is of, from 0; missing where the event has no `items`. */
  readonly item?: number;
  readonly terms: DeliveryTerms;
} & (MappedOnce | { readonly kind: 'skipped'; readonly code: 'no-items' });

export type CompiledMapping = readonly CompiledEvent[];

/** Mappings ready for use, by their source. */
export type PreparedMappings = Pick<ReadonlyMap<string, CompiledMapping>, 'get'>;

/**
 * Compiles the first `atOnce` mappings at once, and each of the others when its first webhook comes: a cold start serves
 * few sources, and must not wait for hundreds. Each is compiled once.
 */
export function prepareMappings(mappings: readonly Mapping[], atOnce: number): PreparedMappings {
  const bySource = new Map(mappings.map((mapping) => [mapping.source, mapping]));
  const prepared = new Map(
    mappings.slice(0, atOnce).map((mapping) => [mapping.source, compileMapping(mapping)]),
  );
  return {
    get: (source) => {
      const known = prepared.get(source);
      const mapping = bySource.get(source);
      if (known !== undefined || mapping === undefined) return known;
      const made = compileMapping(mapping);
      prepared.set(source, made);
      return made;
    },
  };
}

/** Makes a mapping ready for use. An expression that does not parse fails when it is used; synth lets none through. */
export function compileMapping(mapping: Mapping): CompiledMapping {
  return mapping.events.map((event) => compileEvent(event, mapping.let));
}

function compileEvent(event: EventMapping, definitions: Definitions): CompiledEvent {
  const place = (path: string, expression: string): LocatedValue => ({
    place: { path, expression },
    evaluate: compileValue(expression, definitions),
  });
  const optional = (path: 'items' | 'when' | 'event-time') =>
    event[path] === undefined ? undefined : place(path, event[path]);
  return {
    mapping: event,
    terms: termsOf(event, definitions),
    items: optional('items'),
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
    mappingVersion: versionOf(event, definitions),
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
  };
}

function versionOf(event: EventMapping, definitions: Definitions): string {
  return createHash('sha256')
    .update(JSON.stringify([event, definitions]))
    .digest('hex')
    .slice(0, 12);
}

/** Whether an event of a mapping is on one of these types. */
export function isOn({ on }: Pick<EventMapping, 'on'>, eventTypes: readonly string[]): boolean {
  return on.some((pattern) => eventTypes.some((eventType) => matchesEventType(pattern, eventType)));
}

/**
 * Applies every event of a mapping that is on one of the webhook's types, in the order of the mapping. Whatever the
 * webhook holds, each result is a payload within the contract, a skip, or a named rejection.
 */
export async function mapWebhook(
  events: CompiledMapping,
  webhook: MappableWebhook,
): Promise<readonly Mapped[]> {
  const mapped: Mapped[] = [];
  for (const event of events) {
    if (isOn(event.mapping, webhook.eventTypes)) mapped.push(...(await mapItems(event, webhook)));
  }
  return mapped;
}

/** One event of the mapping, for the webhook as a whole or for each of its items. */
async function mapItems(compiled: CompiledEvent, webhook: MappableWebhook): Promise<readonly Mapped[]> {
  const { items, mapping, terms } = compiled;
  const { name } = mapping;
  if (items === undefined) return [{ name, terms, ...(await mapEvent(compiled, webhook)) }];
  const found = await evaluate(items, webhook);
  if (!found.ok) return [{ name, terms, kind: 'rejected', failure: found.failure }];
  const list = itemsIn(found.value);
  if (list.length === 0) return [{ name, terms, kind: 'skipped', code: 'no-items' }];
  const mapped: Mapped[] = [];
  for (const [index, item] of list.entries()) {
    mapped.push({ name, terms, item: index, ...(await mapEvent(compiled, { ...webhook, item })) });
  }
  return mapped;
}

/** JSONata returns `undefined` for no item, and the item itself for a single one. */
function itemsIn(found: unknown): readonly unknown[] {
  if (found === undefined || found === null) return [];
  return Array.isArray(found) ? [...found] : [found];
}
