import { Buffer } from 'node:buffer';
import { domainToASCII } from 'node:url';
import type { CountryCode } from 'libphonenumber-js/min';
import { fail, type Result, succeed } from '../result.ts';
import { evaluate, isJsonataFunction, isNullVariant, type LocatedValue, type Scope } from './expression.ts';
import type { ContractBreach, MapFailure, ValueType } from './failure.ts';
import type { EventKeyMapping, EventMapping } from './mapping.ts';
import { readEventTime } from './time.ts';

/** One message to one customer: what the event API is called with. */
type CampaignEvent = {
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
  // Not the cleaned text: without a character it would be another person's key.
  const text = written.kind === 'text' ? keyText(found.value, written.text).trim() : '';
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

function keyText(value: unknown, written: string): string {
  return typeof value === 'string' ? value : written;
}

/** When the event happened. */
async function readTime(
  time: LocatedValue | undefined,
  scope: Scope,
): Promise<Result<Date | undefined, MapFailure>> {
  if (time === undefined) return NO_TIME;
  const found = await evaluate(time, scope);
  if (!found.ok) return found;
  if (found.value === undefined || found.value === null || isBlank(found.value)) return NO_TIME;
  const date = readEventTime(found.value);
  if (date !== undefined) return succeed(date);
  const written = writeValue(found.value);
  const type = written.kind === 'text' ? 'text' : written.type;
  return fail({ code: 'event-time-unreadable', ...time.place, type });
}

/** Vendors write empty text where there is no time. */
function isBlank(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === '';
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
  | {
      readonly kind: 'not-text';
      readonly type: Extract<ValueType, 'object' | 'array' | 'function' | 'not a number'>;
    };

/** Writes the result of an expression as text: the vendor documents no other kind of value. */
export function writeValue(value: unknown): Written {
  switch (typeof value) {
    case 'string':
      return writeText(value);
    case 'number':
      return Number.isFinite(value) ? textOf(writeNumber(value)) : { kind: 'not-text', type: 'not a number' };
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

/** Any control character but a tab and a line break: printers, terminals and SMS gateways act on them. */
const CONTROL_CHARACTERS = /(?![\t\n])\p{Cc}/gu;

function writeText(value: string): Written {
  const text = value.toWellFormed().replaceAll(/\r\n?/g, '\n').replaceAll(CONTROL_CHARACTERS, '');
  return isNullVariant(text) ? { kind: 'null', type: 'text "null"' } : textOf(text);
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

/** Longer texts are no key of a checked kind: the longest address has 254 characters, and a name may stand before it. */
const MAX_CHARACTERS = 500;

/**
 * Writes an event key as its kind wants it. Fails if it cannot be of that kind: the vendor silently ignores such a key
 * (webex-facts.md, 5.11). What is clearly meant is mended: blanks around it, `mailto:`, `tel:`, a display name.
 * @param text not empty, and without white space around it
 */
export async function normaliseEventKey(
  mapping: EventKeyMapping,
  text: string,
): Promise<Result<string, { readonly kind: EventKeyMapping['kind'] }>> {
  const { kind } = mapping;
  const key = await keyOf(mapping, text);
  return key === undefined ? fail({ kind }) : succeed(key);
}

async function keyOf(mapping: EventKeyMapping, text: string): Promise<string | undefined> {
  // Half an emoji or a control character would be another key than the one that Webex Campaign knows.
  if (!text.isWellFormed()) return undefined;
  switch (mapping.kind) {
    case 'email': {
      const address = readAddress(text);
      return mapping.lowerCase ? address?.toLowerCase() : address;
    }
    case 'msisdn':
      return readNumber(mapping, text);
    case 'text':
    case 'device':
    case 'customer-id':
      return /\p{Cc}/u.test(text) ? undefined : text;
  }
}

/** Blanks and invisible characters (zero-width spaces, direction marks), which copying leaves around a text. */
const AROUND = /^[\p{Z}\p{C}]+|[\p{Z}\p{C}]+$/gu;

/** `Ann <ann@example.com>`, `"Lee, Ann" <ann@example.com>`, `<ann@example.com>` (RFC 5322, 3.4). */
const NAMED_ADDRESS = /^(?:"(?:[^"\\]|\\.)*"\s*|[^"<>@,;]*)<([^<>]*)>$/su;

/** RFC 5321, 4.1.2 (`Dot-string`) with the letters of RFC 6531. Quoted local parts are left out: 4.1.2 advises against them. */
const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;

/** Letters that nobody sees, such as the Hangul filler. */
const INVISIBLE_LETTER = /\p{Default_Ignorable_Code_Point}/u;

/** RFC 5321, 4.5.3.1. */
const MAX_LOCAL_BYTES = 64;
const MAX_ADDRESS_CHARACTERS = 254;

/**
 * Reads an e-mail address as strictly as a mail server does. No library is used: those for JavaScript take invisible
 * characters for letters, and these rules would have to stand before them all the same.
 */
function readAddress(text: string): string | undefined {
  if (text.length > MAX_CHARACTERS) return undefined;
  const plain = text.replaceAll(AROUND, '');
  const isLink = /^mailto:/i.test(plain);
  const address = isLink ? plain.slice('mailto:'.length) : (NAMED_ADDRESS.exec(plain)?.[1]?.trim() ?? plain);
  // A link has its own escapes and parameters.
  if (isLink && /[%?]/.test(address)) return undefined;
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  const isAddress =
    address.length <= MAX_ADDRESS_CHARACTERS &&
    LOCAL_PART.test(local) &&
    Buffer.byteLength(local) <= MAX_LOCAL_BYTES &&
    !INVISIBLE_LETTER.test(address) &&
    // Wide letters and the like look the same, and are another address.
    address.normalize('NFKC') === address.normalize() &&
    isDomain(address.slice(at + 1));
  return isAddress ? address.normalize() : undefined;
}

/** Labels of RFC 1123, 2.1, by IDNA where they are not ASCII; at least two, and the last is no number. */
function isDomain(domain: string): boolean {
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(domain)) return false;
  const labels = domainToASCII(domain).split('.');
  const isOfLabels = labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return isOfLabels && labels.length > 1 && /^(?:[a-z]{2,}|xn--.+)$/.test(labels.at(-1) ?? '');
}

/**
 * What the library would take for a phone number: one below zero, a date, and parameters of RFC 3966 (`;phone-context=+44`),
 * which it reads right only every other time.
 */
const OTHER_NUMBER = /^-|;|^\d{4}-\d{2}-\d{2}$|^\d{1,2}([./])\d{1,2}\1\d{4}$/;

/** E.164, with or without the plus. Any number of a possible length is taken: lists of valid numbers age. */
async function readNumber(
  { plus, defaultRegion }: Extract<EventKeyMapping, { kind: 'msisdn' }>,
  text: string,
): Promise<string | undefined> {
  if (text.length > MAX_CHARACTERS) return undefined;
  // Wide digits and signs become the usual ones: the library overlooks a wide plus.
  const plain = text.normalize('NFKC').replaceAll(AROUND, '');
  const written = plain.replace(/^tel:\s*/i, '');
  if (OTHER_NUMBER.test(written)) return undefined;
  // Loaded only here: its tables are large, and most mappings have no phone number.
  const { parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  // It takes a region that it does not know for none.
  const defaultCountry = defaultRegion as CountryCode;
  const number = parsePhoneNumberFromString(written, { extract: false, defaultCountry });
  // An extension cannot be sent to, and without it the number is another one.
  if (number === undefined || number.ext !== undefined || !number.isPossible()) return undefined;
  return plus ? number.number : number.number.slice(1);
}
