import { createHash } from 'node:crypto';
import { matchesEventType } from '../event-type-pattern.ts';
import type { Result } from '../result.ts';
import { fail, succeed } from '../result.ts';
import { compileValue, type Definitions, type Scope } from './expression.ts';
import { type CompiledEvent, evaluate, type MappedOnce, mapEvent, type PlacedValue } from './map-event.ts';
import type { MapFailure } from './map-failure.ts';
import type { EventMapping, Mapping } from './mapping.ts';

/** A webhook as map sees it. */
export type MappableWebhook = Scope & {
  /** In the vendor's words; more than one only where it is a batch. */
  readonly eventTypes: readonly string[];
};

/** What the mapping says of an event beside its contents; deliver goes by it. */
type DeliveryTerms = {
  readonly onUnconfirmed: EventMapping['on-unconfirmed'];
  /** Too old to be worth saying after so many seconds. */
  readonly maxAgeSeconds?: number;
  /** Changes whenever the mapping of this event does: a short hash. */
  readonly mappingVersion: string;
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

/** Makes a mapping ready for use. What does not parse fails when it is used: the check at synth lets none through. */
export function compileMapping(mapping: Mapping): CompiledMapping {
  return mapping.events.map((event) => compileEvent(event, mapping.let));
}

function compileEvent(event: EventMapping, definitions: Definitions): CompiledEvent {
  const place = (path: string, expression: string): PlacedValue => ({
    place: { path, expression },
    evaluate: compileValue(expression, definitions),
  });
  const optional = (path: 'items' | 'when' | 'event-time') =>
    event[path] === undefined ? undefined : place(path, event[path]);
  return {
    mapping: event,
    version: versionOf(event, definitions),
    items: optional('items'),
    when: optional('when'),
    key: place('event-key', event['event-key'].value),
    time: optional('event-time'),
    params: Object.entries(event['event-params']).map(([name, value]) => ({
      name,
      ...place(`event-params.${name}`, value),
    })),
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
 * Applies every event of a mapping that is on one of the webhook's types: nothing matched, one event, or several, in
 * the order of the mapping. Whatever the webhook holds, each is a payload within the contract or a named rejection.
 */
export async function mapWebhook(
  events: CompiledMapping,
  webhook: MappableWebhook,
): Promise<readonly Mapped[]> {
  const mapped: Mapped[] = [];
  for (const event of events) {
    if (isOn(event.mapping, webhook.eventTypes)) mapped.push(...(await mapEvents(event, webhook)));
  }
  return mapped;
}

/** One event of the mapping, for the webhook as a whole or for each of its items. */
async function mapEvents(
  compiled: CompiledEvent,
  { eventTypes: _, ...scope }: MappableWebhook,
): Promise<readonly Mapped[]> {
  const base = { name: compiled.mapping.name, terms: termsOf(compiled) };
  if (compiled.items === undefined) return [{ ...base, ...(await mapEvent(compiled, scope)) }];

  const items = await findItems(compiled.items, scope);
  if (!items.ok) return [{ ...base, kind: 'rejected', failure: items.failure }];
  if (items.value.length === 0) return [{ ...base, kind: 'skipped', code: 'no-items' }];
  const mapped: Mapped[] = [];
  for (const [index, item] of items.value.entries()) {
    mapped.push({ ...base, item: index, ...(await mapEvent(compiled, { ...scope, item })) });
  }
  return mapped;
}

function termsOf({ mapping, version }: CompiledEvent): DeliveryTerms {
  const maxAgeSeconds = mapping['max-age'];
  return {
    onUnconfirmed: mapping['on-unconfirmed'],
    mappingVersion: version,
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
  };
}

/** JSONata gives nothing for no item, and the item itself for a single one. */
async function findItems(items: PlacedValue, scope: Scope): Promise<Result<readonly unknown[], MapFailure>> {
  const found = await evaluate(items, scope);
  if (!found.ok) return fail(found.failure);
  if (found.value === undefined || found.value === null) return succeed([]);
  return succeed(Array.isArray(found.value) ? [...found.value] : [found.value]);
}
