import { fail, type Result, succeed } from '../result.ts';
import { type CampaignEvent, writePayload } from './campaign-event.ts';
import { normaliseEventKey } from './event-key.ts';
import { type CompiledParam, type LeftOut, type Params, readParams } from './event-params.ts';
import { readEventTime } from './event-time.ts';
import type { Scope } from './expression.ts';
import type { MapFailure } from './map-failure.ts';
import type { EventMapping } from './mapping.ts';
import { evaluate, type Found, type PlacedValue } from './placed-value.ts';
import { after, type Soon } from './soon.ts';
import { writeValue } from './write-value.ts';

/** What the mapping says of an event beside its contents; deliver goes by it. */
export type DeliveryTerms = {
  readonly onUnconfirmed: EventMapping['on-unconfirmed'];
  /** Too old to be worth saying after so many seconds. */
  readonly maxAgeSeconds?: number;
  /** Changes whenever the mapping of this event does: a short hash. */
  readonly mappingVersion: string;
};

/** One event of a mapping, ready for use. */
export type CompiledEvent = {
  readonly mapping: EventMapping;
  readonly terms: DeliveryTerms;
  readonly items: PlacedValue | undefined;
  readonly when: PlacedValue | undefined;
  readonly key: PlacedValue;
  readonly time: PlacedValue | undefined;
  readonly params: readonly CompiledParam[];
};

/** What a mapping makes of one webhook, or of one item of it. */
export type MappedOnce =
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

/** Maps one webhook or item: whether there is an event, whom it is for, when it was, and what is in it. */
export function mapEvent(compiled: CompiledEvent, scope: Scope): Soon<MappedOnce> {
  if (compiled.when === undefined) return makeEvent(compiled, scope);
  return after(evaluate(compiled.when, scope), (when) => {
    if (!when.ok) return rejected(when.failure);
    return when.value === true ? makeEvent(compiled, scope) : { kind: 'skipped', code: 'when-not-met' };
  });
}

function makeEvent(compiled: CompiledEvent, scope: Scope): Soon<MappedOnce> {
  const { key, mapping, params, time } = compiled;
  const found = after(evaluate(key, scope), (one) => readKey(compiled, one));
  return after(found, (eventKey) => {
    if (!eventKey.ok) return rejected(eventKey.failure);
    return after(readTime(time, scope), (occurredAt) => {
      if (!occurredAt.ok) return rejected(occurredAt.failure);
      return after(readParams(params, mapping['on-null'], scope), (texts) =>
        texts.ok
          ? writeEvent(mapping, eventKey.value, texts.value, occurredAt.value)
          : rejected(texts.failure),
      );
    });
  });
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

function readKey({ key, mapping }: CompiledEvent, found: Found): Soon<Result<string, MapFailure>> {
  if (!found.ok) return found;
  const written = writeValue(found.value);
  if (written.kind === 'not-text') return fail({ code: 'value-not-text', ...key.place, type: written.type });
  const text = written.kind === 'text' ? written.text.trim() : '';
  if (text === '') {
    const type = written.kind === 'text' ? 'empty text' : written.type;
    return fail({ code: 'event-key-missing', ...key.place, type });
  }
  return after(normaliseEventKey(mapping['event-key'], text), (normalised) =>
    normalised.ok ? normalised : fail({ code: 'event-key-invalid', ...key.place, ...normalised.failure }),
  );
}

const NO_TIME = succeed(undefined);

function readTime(time: PlacedValue | undefined, scope: Scope): Soon<Result<Date | undefined, MapFailure>> {
  if (time === undefined) return NO_TIME;
  return after(evaluate(time, scope), (found) => {
    if (!found.ok) return found;
    if (found.value === undefined || found.value === null) return NO_TIME;
    const date = readEventTime(found.value);
    if (date !== undefined) return succeed(date);
    const written = writeValue(found.value);
    const type = written.kind === 'text' ? 'text' : written.type;
    return fail({ code: 'event-time-unreadable', ...time.place, type });
  });
}
