import { createHash } from 'node:crypto';
import { fail, type Result, succeed } from '../result.ts';
import { matchesEventType } from '../webhook-body.ts';
import { normaliseEventKey } from './event-key.ts';
import { type CompiledParam, type LeftOut, type Params, readParams } from './event-params.ts';
import { readEventTime } from './event-time.ts';
import { compileValue, type Definitions, evaluate, type LocatedValue, type Scope } from './expression.ts';
import type { MapFailure } from './failure.ts';
import type { EventMapping, Mapping } from './mapping.ts';
import { type CampaignEvent, writePayload } from './payload.ts';
import { writeValue } from './write-value.ts';

/** What the mapping says of an event beside its contents; deliver goes by it. */
type DeliveryTerms = {
  readonly onUnconfirmed: EventMapping['on-unconfirmed'];
  /** Too old to be worth saying after so many seconds. */
  readonly maxAgeSeconds?: number;
  /** Changes whenever the mapping of this event does: a short hash. */
  readonly mappingVersion: string;
};

/** One event of a mapping, ready for use. */
type CompiledEvent = {
  readonly mapping: EventMapping;
  readonly terms: DeliveryTerms;
  readonly items: LocatedValue | undefined;
  readonly when: LocatedValue | undefined;
  readonly key: LocatedValue;
  readonly time: LocatedValue | undefined;
  readonly params: readonly CompiledParam[];
};

/** What a mapping makes of one webhook, or of one item of it. */
type MappedOnce =
  | {
      readonly kind: 'event';
      readonly event: CampaignEvent;
      /** The body of the call, within the limits of the event API. */
      readonly payload: string;
      readonly leftOut: readonly LeftOut[];
      /** When it happened; missing where the mapping does not say how to tell. */
      readonly occurredAt?: Date;
    }
  | { readonly kind: 'skipped'; readonly code: 'when-not-met' }
  | { readonly kind: 'rejected'; readonly failure: MapFailure };

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
 * Makes so many mappings ready at once, and each of the others when its first webhook comes: a cold start, whose events
 * are of a few sources, is not to wait for hundreds. Each is made once.
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

/** Makes a mapping ready for use. What does not parse fails when it is used: the check at synth lets none through. */
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
 * Applies every event of a mapping that is on one of the webhook's types: nothing matched, one event, or several, in
 * the order of the mapping. Whatever the webhook holds, each is a payload within the contract or a named rejection.
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

/** JSONata gives nothing for no item, and the item itself for a single one. */
function itemsIn(found: unknown): readonly unknown[] {
  if (found === undefined || found === null) return [];
  return Array.isArray(found) ? [...found] : [found];
}

/** Maps one webhook or item: whether there is an event, whom it is for, when it was, and what is in it. */
async function mapEvent(compiled: CompiledEvent, scope: Scope): Promise<MappedOnce> {
  const { when, time, params, mapping } = compiled;
  if (when !== undefined) {
    const met = await evaluate(when, scope);
    if (!met.ok) return rejected(met.failure);
    if (met.value !== true) return { kind: 'skipped', code: 'when-not-met' };
  }
  const eventKey = await readKey(compiled, scope);
  if (!eventKey.ok) return rejected(eventKey.failure);
  const occurredAt = await readTime(time, scope);
  if (!occurredAt.ok) return rejected(occurredAt.failure);
  const texts = await readParams(params, mapping['on-null'], scope);
  if (!texts.ok) return rejected(texts.failure);
  return writeEvent(mapping, eventKey.value, texts.value, occurredAt.value);
}

function writeEvent(
  { name, 'event-id': eventId }: EventMapping,
  eventKey: string,
  { params, leftOut }: Params,
  occurredAt: Date | undefined,
): MappedOnce {
  const event: CampaignEvent = { name, eventId, eventKey, params };
  const payload = writePayload(event);
  if (!payload.ok) return rejected(payload.failure);
  const made = { kind: 'event', event, payload: payload.value, leftOut } as const;
  return occurredAt === undefined ? made : { ...made, occurredAt };
}

function rejected(failure: MapFailure): MappedOnce {
  return { kind: 'rejected', failure };
}

async function readKey({ key, mapping }: CompiledEvent, scope: Scope): Promise<Result<string, MapFailure>> {
  const found = await evaluate(key, scope);
  if (!found.ok) return found;
  const written = writeValue(found.value);
  if (written.kind === 'not-text') return fail({ code: 'value-not-text', ...key.place, type: written.type });
  const text = written.kind === 'text' ? written.text.trim() : '';
  if (text === '') {
    const type = written.kind === 'text' ? 'empty text' : written.type;
    return fail({ code: 'event-key-missing', ...key.place, type });
  }
  const normalised = await normaliseEventKey(mapping['event-key'], text);
  return normalised.ok
    ? normalised
    : fail({ code: 'event-key-invalid', ...key.place, ...normalised.failure });
}

const NO_TIME = succeed(undefined);

async function readTime(
  time: LocatedValue | undefined,
  scope: Scope,
): Promise<Result<Date | undefined, MapFailure>> {
  if (time === undefined) return NO_TIME;
  const found = await evaluate(time, scope);
  if (!found.ok) return found;
  if (found.value === undefined || found.value === null) return NO_TIME;
  const date = readEventTime(found.value);
  if (date !== undefined) return succeed(date);
  const written = writeValue(found.value);
  const type = written.kind === 'text' ? 'text' : written.type;
  return fail({ code: 'event-time-unreadable', ...time.place, type });
}
