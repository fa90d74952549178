import { Buffer } from 'node:buffer';
import { fail, type Result, succeed } from '../result.ts';
import { evaluate, isJsonataFunction, isNullVariant, type LocatedValue, type Scope } from './expression.ts';
import type { ContractBreach, MapFailure, ValueType } from './failure.ts';
import type { EventKeyMapping, EventMapping } from './mapping.ts';

/** One message to one customer: what the event API is called with. */
export type CampaignEvent = {
  /** The name of the event in the mapping. */
  readonly name: string;
  readonly eventId: string;
  readonly eventKey: string;
  readonly params: Readonly<Record<string, string>>;
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

/** A parameter that is not sent, and what stood there instead. */
type LeftOut = { readonly parameter: string; readonly type: ValueType };

/** What makes one event, ready for use. */
export type EventRecipe = {
  readonly mapping: EventMapping;
  readonly when: LocatedValue | undefined;
  readonly key: LocatedValue;
  readonly time: LocatedValue | undefined;
  readonly params: readonly CompiledParam[];
};

type CompiledParam = LocatedValue & {
  readonly name: string;
  /** Whether there is no event without it. */
  readonly isRequired: boolean;
};

/** Maps one webhook or item: whether there is an event, whom it is for, when it happened, and what is in it. */
export async function mapEvent(recipe: EventRecipe, scope: Scope): Promise<MappedOnce> {
  const { when, time, params, mapping } = recipe;
  if (when !== undefined) {
    const met = await evaluate(when, scope);
    if (!met.ok) return rejected(met.failure);
    if (met.value !== true) return { kind: 'skipped', code: 'when-not-met' };
  }
  const eventKey = await readKey(recipe, scope);
  if (!eventKey.ok) return rejected(eventKey.failure);
  const occurredAt = await readTime(time, scope);
  if (!occurredAt.ok) return rejected(occurredAt.failure);
  const texts = await readParams(params, mapping['on-null'], scope);
  if (!texts.ok) return rejected(texts.failure);
  return writeEvent(mapping, eventKey.value, texts.value, occurredAt.value);
}

function rejected(failure: MapFailure): MappedOnce {
  return { kind: 'rejected', failure };
}

/** Whom the event is for. */
async function readKey({ key, mapping }: EventRecipe, scope: Scope): Promise<Result<string, MapFailure>> {
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

/** An address, as far as can be told without sending to it (HTML's own rule is hardly stricter). */
const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** RFC 5321, 4.5.3.1.3. */
const MAX_EMAIL_CHARACTERS = 254;

/**
 * Writes an event key as its kind wants it. Fails if it cannot be of that kind: the vendor silently ignores such a key
 * (webex-facts.md, 5.11).
 * @param text not empty, and without white space around it
 */
export async function normaliseEventKey(
  mapping: EventKeyMapping,
  text: string,
): Promise<Result<string, { readonly kind: 'email' | 'msisdn' }>> {
  switch (mapping.kind) {
    case 'email':
      if (text.length > MAX_EMAIL_CHARACTERS || !EMAIL.test(text)) return fail({ kind: 'email' });
      return succeed(mapping.lowerCase ? text.toLowerCase() : text);
    case 'msisdn':
      return normaliseNumber(mapping, text);
    case 'text':
    case 'device':
    case 'customer-id':
      return succeed(text);
  }
}

/** E.164, with or without the plus. Any number of a possible length is taken: lists of valid numbers age. */
async function normaliseNumber(
  { plus, defaultRegion }: Extract<EventKeyMapping, { kind: 'msisdn' }>,
  text: string,
): Promise<Result<string, { readonly kind: 'msisdn' }>> {
  // Loaded only here: its tables are large, and most mappings have no phone number.
  const { isSupportedCountry, parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  const region = defaultRegion !== undefined && isSupportedCountry(defaultRegion) ? defaultRegion : undefined;
  const number = parsePhoneNumberFromString(text.slice(0, 250), region);
  if (number === undefined || !number.isPossible()) return fail({ kind: 'msisdn' });
  return succeed(plus ? number.number : number.number.slice(1));
}

const NO_TIME = succeed(undefined);

/** When the event happened. */
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

/** Unix times below this are seconds, others milliseconds: it is the year 5138 in seconds, 1973 in milliseconds. */
const FIRST_MILLISECONDS = 100_000_000_000;

/** A date and time with an offset, as in ISO 8601 and RFC 3339. */
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;

/** Reads when an event happened: unix seconds or milliseconds, as number or text, or ISO 8601 with an offset. */
export function readEventTime(value: unknown): Date | undefined {
  if (typeof value === 'number') return dateOf(value < FIRST_MILLISECONDS ? value * 1000 : value);
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,15}(\.\d{1,9})?$/.test(value)) return readEventTime(Number(value));
  return ISO_8601.test(value) ? dateOf(Date.parse(value)) : undefined;
}

function dateOf(milliseconds: number): Date | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) || milliseconds < 0 ? undefined : date;
}

/** The parameters that are sent, and those that are not. */
type Params = {
  readonly params: Readonly<Record<string, string>>;
  readonly leftOut: readonly LeftOut[];
};

/** Evaluates and writes the parameters of an event; fails with the first that cannot be sent. */
async function readParams(
  params: readonly CompiledParam[],
  onNull: EventMapping['on-null'],
  scope: Scope,
): Promise<Result<Params, MapFailure>> {
  const texts: Record<string, string> = {};
  const leftOut: LeftOut[] = [];
  for (const param of params) {
    const evaluated = await evaluate(param, scope);
    if (!evaluated.ok) return evaluated;
    const written = writeValue(evaluated.value);
    const failure = refusalOf(written, param, onNull);
    if (failure !== undefined) return fail(failure);
    if (written.kind === 'text') texts[param.name] = written.text;
    else leftOut.push({ parameter: param.name, type: written.type });
  }
  return succeed({ params: texts, leftOut });
}

/** Why the mapping's own rules allow no event with this value; `undefined` if they do. */
function refusalOf(
  written: Written,
  { place, isRequired }: CompiledParam,
  onNull: EventMapping['on-null'],
): MapFailure | undefined {
  if (written.kind === 'text') {
    const isMissing = isRequired && written.text.trim() === '';
    return isMissing ? { code: 'parameter-missing', ...place, type: 'empty text' } : undefined;
  }
  const { kind, type } = written;
  if (kind === 'not-text') return { code: 'value-not-text', ...place, type };
  if (isRequired) return { code: 'parameter-missing', ...place, type };
  return kind === 'null' && onNull === 'reject' ? { code: 'value-null', ...place, type } : undefined;
}

/** A value written as text; or what stands there instead. */
type Written =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing'; readonly type: 'missing' }
  /** The contract forbids these: "cannot be "NULL" or "null", even for a parameter that is not mandatory". */
  | { readonly kind: 'null'; readonly type: 'null' | 'text "null"' }
  | { readonly kind: 'not-text'; readonly type: Extract<ValueType, 'object' | 'array' | 'function'> };

/** Writes the result of an expression as text: the vendor documents no other kind of value. */
export function writeValue(value: unknown): Written {
  switch (typeof value) {
    case 'string':
      return isNullVariant(value) ? { kind: 'null', type: 'text "null"' } : textOf(value.toWellFormed());
    case 'number':
      return textOf(writeNumber(value));
    case 'boolean':
      return textOf(String(value));
    case 'undefined':
      return { kind: 'missing', type: 'missing' };
    case 'object':
      if (value === null) return { kind: 'null', type: 'null' };
      return { kind: 'not-text', type: typeOfObject(value) };
    default:
      return { kind: 'not-text', type: 'function' };
  }
}

function textOf(text: string): Written {
  return { kind: 'text', text };
}

function typeOfObject(value: object): 'object' | 'array' | 'function' {
  if (Array.isArray(value)) return 'array';
  return isJsonataFunction(value) ? 'function' : 'object';
}

/** Digits as a person writes them: never `1e+21` or `1e-7`. */
function writeNumber(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20).replace(/\.?0+$/, '');
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

/** Limits of the event API (webex-event-api.md, "Request"). 24 KB is read as 24,000 bytes of the whole body. */
export const MAX_PARAMETERS = 400;
export const MAX_PAYLOAD_BYTES = 24_000;

/** Writes the body of the call. An event over a limit is refused, never cut. */
export function writePayload(event: CampaignEvent): Result<string, ContractBreach> {
  const count = Object.keys(event.params).length;
  if (count > MAX_PARAMETERS) return fail({ code: 'too-many-parameters', count, limit: MAX_PARAMETERS });

  const payload = JSON.stringify({
    'event-id': event.eventId,
    'event-key': event.eventKey,
    'event-params': event.params,
  });
  // A character of a string has three bytes at most: a short payload need not be measured.
  if (payload.length * 3 <= MAX_PAYLOAD_BYTES) return succeed(payload);
  const bytes = Buffer.byteLength(payload);
  if (bytes > MAX_PAYLOAD_BYTES) {
    return fail({ code: 'payload-too-large', bytes, limitBytes: MAX_PAYLOAD_BYTES });
  }
  return succeed(payload);
}
