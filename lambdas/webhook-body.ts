import { Buffer, isUtf8 } from 'node:buffer';
import { type FormOptions, readField, readForm } from './form-body.ts';
import { fail, parseJson, type Result, succeed } from './result.ts';

/** The format of a body. A form's fields become members, those of one name a list. */
export type BodyFormat = 'json' | 'form' | 'multipart';

/** No vendor comes near it, and recursive code later walks the body. */
const MAX_NESTING = 500;

/** Why a body cannot be read. `body-not-json` is also said of a form that is none, or not in UTF-8. */
export type BodyFailure =
  | { readonly code: 'body-not-json' }
  | { readonly code: 'body-too-deep'; readonly limit: number };

type Reading = {
  /** Whether integers keep digits that a double would round; where there are any, that takes a second pass. */
  readonly digits?: 'kept' | 'rounded';
  readonly form?: FormOptions | undefined;
};

/** Parses a body; fails where it is not of its format, or not in UTF-8. */
export function parseBody(
  rawBody: Uint8Array,
  format: BodyFormat,
  { digits = 'kept', form = {} }: Reading = {},
): Result<unknown, BodyFailure> {
  const parse = digits === 'kept' ? parseKeepingDigits : parseJson;
  if (format !== 'json') {
    const value = readForm(rawBody, format, form, (text) => readJson(text, parse));
    return value ?? fail({ code: 'body-not-json' });
  }
  if (!isUtf8(rawBody)) return fail({ code: 'body-not-json' });
  const { buffer, byteOffset, byteLength } = rawBody;
  const decoded = Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
  // JSON.parse refuses a byte order mark, which does not belong to the text.
  const text = decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded;
  return readJson(text, parse);
}

/**
 * The format of a body: a form where its Content-Type says so, and JSON otherwise, since some vendors name none. No vendor
 * signs that header: what begins as JSON is JSON, or anybody could have a captured body read as a form; and what begins as
 * the parts of a form, or with the field that holds the whole webhook, is one without the header.
 */
export function bodyFormatOf(
  contentType: string | undefined,
  rawBody: Uint8Array,
  { whole }: FormOptions = {},
): BodyFormat {
  const start = Buffer.from(rawBody.subarray(0, 256)).toString('latin1');
  // After a byte order mark and some white space. Forms have brackets escaped.
  if (/^(\xef\xbb\xbf)?\s*[[{]/.test(start.slice(0, 64))) return 'json';
  if (/^--[^\r\n]{1,70}\r\n[a-z-]+:/i.test(start)) return 'multipart';
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType?.trim() ?? '');
  return isForm || (whole !== undefined && start.startsWith(`${whole}=`)) ? 'form' : 'json';
}

/** The bytes that make a webhook: those of the field that holds it whole, where there is one, else the body. */
export function contentOf(rawBody: Uint8Array, format: BodyFormat, { whole }: FormOptions = {}): Uint8Array {
  return format === 'json' || whole === undefined ? rawBody : (readField(rawBody, format, whole) ?? rawBody);
}

function readJson(text: string, parse: (text: string) => unknown): Result<unknown, BodyFailure> {
  const value = parse(text);
  if (value === undefined) return fail({ code: 'body-not-json' });
  if (isNestedDeeper(text, MAX_NESTING)) return fail({ code: 'body-too-deep', limit: MAX_NESTING });
  return succeed(value);
}

/**
 * A number that a double may not hold, where a number can begin: of 16 digits (as many as 2^53 has) or of three in its
 * exponent. Ids within texts seldom match.
 */
const LONG_NUMBERS = /(^|[:,[\s])(-?(?:\d{16}|\d[\d.]*[eE]\+?\d{3})[\d.eE+-]*)/g;

/**
 * Parses JSON so that integers keep every digit. One beyond 2^53 becomes a text, since ids of 18 digits are common (Shopify)
 * and a double would round them; so does a number that no double can hold. `undefined` where the text is not JSON.
 */
export function parseKeepingDigits(text: string): unknown {
  const value = parseJson(text);
  if (value === undefined) return value;
  const isWithinText = findTexts(text);
  const quoted = text.replaceAll(LONG_NUMBERS, (found, before: string, number: string, at: number) =>
    isWithinText(at) || !isRounded(number) ? found : `${before}"${number}"`,
  );
  return quoted === text ? value : JSON.parse(quoted);
}

function isRounded(number: string): boolean {
  const value = Number(number);
  return !Number.isFinite(value) || (/^-?\d+$/.test(number) && !Number.isSafeInteger(value));
}

/** Whether the lists and objects of a valid JSON text are nested deeper than a limit. */
export function isNestedDeeper(json: string, limit: number): boolean {
  if (!hasMoreBrackets(json, limit)) return false;
  const isWithinText = findTexts(json);
  let depth = 0;
  for (const { 0: mark, index } of json.matchAll(/[[\]{}]/g)) {
    if (isWithinText(index)) continue;
    depth += mark === '[' || mark === '{' ? 1 : -1;
    if (depth > limit) return true;
  }
  return false;
}

/** Most bodies have fewer brackets than the limit, and need no closer look. */
function hasMoreBrackets(json: string, limit: number): boolean {
  let count = 0;
  for (const bracket of '[{') {
    let at = json.indexOf(bracket);
    for (; at >= 0 && count <= limit; at = json.indexOf(bracket, at + 1)) count += 1;
  }
  return count > limit;
}

/** Returns a test of whether a place in valid JSON is within a text. Ask for places from first to last. */
function findTexts(json: string): (place: number) => boolean {
  let start = json.indexOf('"');
  let end = 0;
  return (place) => {
    while (start >= 0 && start < place) {
      end = endOfText(json, start);
      start = json.indexOf('"', end);
    }
    return place < end;
  };
}

/** The place after a text's closing quote, which is the first that no backslash escapes. */
function endOfText(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); ; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json.charAt(quote - 1 - backslashes) === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

/** Every value that a pointer leads to: at most one, unless the pointer has a `*`. */
export function follow(value: unknown, pointer: string): readonly unknown[] {
  return segmentsOf(pointer).reduce<readonly unknown[]>(
    (values, segment) => values.flatMap((one) => step(one, segment)),
    [value],
  );
}

/** Pointers stand in mappings, so there are few. */
const SEGMENTS = new Map<string, readonly string[]>();

function segmentsOf(pointer: string): readonly string[] {
  const known = SEGMENTS.get(pointer);
  if (known !== undefined) return known;
  const segments = pointer.split('/').slice(1);
  const unescaped = segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
  SEGMENTS.set(pointer, unescaped);
  return unescaped;
}

function step(value: unknown, segment: string): readonly unknown[] {
  if (Array.isArray(value)) {
    if (segment === '*') return value;
    return /^(0|[1-9]\d{0,9})$/.test(segment) && Number(segment) < value.length
      ? [value[Number(segment)]]
      : [];
  }
  const isMember = typeof value === 'object' && value !== null && Object.hasOwn(value, segment);
  return isMember ? [(value as Readonly<Record<string, unknown>>)[segment]] : [];
}

/** Whether an event type matches what a mapping's `on` names: the type itself, or a pattern where `*` is any text. */
export function matchesEventType(pattern: string, eventType: string): boolean {
  if (!pattern.includes('*')) return eventType === pattern;
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop() ?? '';
  if (eventType.length < head.length + tail.length) return false;
  if (!eventType.startsWith(head) || !eventType.endsWith(tail)) return false;

  // The first match of each piece leaves the most text for the next, so that there is no backtracking.
  const end = eventType.length - tail.length;
  let from = head.length;
  for (const piece of rest) {
    const at = eventType.indexOf(piece, from);
    if (at < 0 || at + piece.length > end) return false;
    from = at + piece.length;
  }
  return true;
}
