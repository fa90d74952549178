import { createHash } from 'node:crypto';
import { matchesEventType } from '../event-type-pattern.ts';
import type { Definitions } from './definitions.ts';
import { compileValue, type Scope } from './expression.ts';
import { type CompiledEvent, type DeliveryTerms, type MappedOnce, mapEvent } from './map-event.ts';
import type { EventMapping, Mapping } from './mapping.ts';
import { evaluate, type PlacedValue } from './placed-value.ts';
import { after, inTurn, type Soon } from './soon.ts';

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
 * Applies every event of a mapping that is on one of the webhook's types: nothing matched, one event, or several, in
 * the order of the mapping. Whatever the webhook holds, each is a payload within the contract or a named rejection. There
 * is a promise only where something has to be loaded, or JSONata asked.
 */
export function mapWebhook(events: CompiledMapping, webhook: MappableWebhook): Soon<readonly Mapped[]> {
  const matching = events.filter(({ mapping }) => isOn(mapping, webhook.eventTypes));
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return mapItems(only, webhook);
  const mapped = inTurn(matching, (event) => mapItems(event, webhook));
  return after(mapped, (each) => each.flat());
}

/** One event of the mapping, for the webhook as a whole or for each of its items. */
function mapItems(compiled: CompiledEvent, webhook: MappableWebhook): Soon<readonly Mapped[]> {
  const { items, mapping, terms } = compiled;
  const { name } = mapping;
  if (items === undefined) {
    return after(mapEvent(compiled, webhook), (mapped) => [{ name, terms, ...mapped }]);
  }
  return after(evaluate(items, webhook), (found) => {
    if (!found.ok) return [{ name, terms, kind: 'rejected', failure: found.failure }];
    const list = itemsIn(found.value);
    if (list.length === 0) return [{ name, terms, kind: 'skipped', code: 'no-items' }];
    return inTurn(list, (item, index) =>
      after(mapEvent(compiled, { ...webhook, item }), (mapped) => ({ name, terms, item: index, ...mapped })),
    );
  });
}

/** JSONata gives nothing for no item, and the item itself for a single one. */
function itemsIn(found: unknown): readonly unknown[] {
  if (found === undefined || found === null) return [];
  return Array.isArray(found) ? [...found] : [found];
}
