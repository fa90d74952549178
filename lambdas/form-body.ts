import { Buffer, isUtf8 } from 'node:buffer';
import { type MultipartPart, parseMultipart } from '@remix-run/multipart-parser';
import { type Result, succeed } from './result.ts';

// Most sources send JSON: a function loads this file with its first form (`lib/bundle/bundle-function.ts`).

/** Which fields of a form hold JSON; all others are texts, whatever they look like. */
export type FormOptions = {
  /** The field that holds the whole webhook: with it, a form is the same webhook as its JSON. */
  readonly whole?: string | undefined;
  /** Fields that hold an object or a list each. */
  readonly json?: readonly string[] | undefined;
};

type Read<Failure> = (text: string) => Result<unknown, Failure>;

/**
 * Reads a form as a webhook: GitHub's and Slack's `payload` is the whole of it, Mandrill's `mandrill_events` a list within.
 * `undefined` where it is no form, or not in UTF-8.
 */
export function readForm<Failure extends { readonly code: string }>(
  rawBody: Uint8Array,
  format: 'form' | 'multipart',
  { whole, json = [] }: FormOptions,
  readJson: Read<Failure>,
): Result<unknown, Failure> | undefined {
  const fields = fieldsOf(rawBody, format);
  const wrapped = whole === undefined ? undefined : fields?.get(whole)?.[0];
  if (wrapped !== undefined) return readJson(wrapped);
  if (fields === undefined) return undefined;
  const members: [string, unknown][] = [];
  for (const [name, values] of fields) {
    const read = json.includes(name) ? readJsonField(values[0], readJson) : undefined;
    if (read?.ok === false) return read;
    members.push([name, read === undefined ? textsOf(values) : read.value]);
  }
  return succeed(Object.fromEntries(members));
}

/** The bytes of a field's first value; `undefined` where there is none. */
export function readField(
  rawBody: Uint8Array,
  format: 'form' | 'multipart',
  name: string,
): Uint8Array | undefined {
  const text = fieldsOf(rawBody, format)?.get(name)?.[0];
  return text === undefined ? undefined : Buffer.from(text);
}

/** `undefined` where they are not in UTF-8, or no form at all. */
function fieldsOf(rawBody: Uint8Array, format: 'form' | 'multipart'): ReturnType<typeof readParts> {
  if (format === 'multipart') return readParts(rawBody);
  return isUtf8Form(rawBody) ? readFields(rawBody) : undefined;
}

/** A field that comes once is a text, one that is repeated a list. */
function textsOf(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] ?? '') : values;
}

/** The object or list that a field holds; `undefined` where it holds another text. */
function readJsonField<Failure extends { readonly code: string }>(
  value = '',
  readJson: Read<Failure>,
): Result<unknown, Failure> | undefined {
  const json = /^\s*[[{]/.test(value) ? readJson(value) : undefined;
  return json?.ok === false && json.failure.code === 'body-not-json' ? undefined : json;
}

/**
 * Reads the fields of a form (WHATWG URL, 5.1), values of one name together in the order they came. One pass:
 * `URLSearchParams` takes time in the square of the number of fields.
 */
export function readFields(form: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const bytes = Buffer.from(form.buffer, form.byteOffset, form.byteLength);
  const fields = new Map<string, string[]>();
  for (let from = 0; from < bytes.length; ) {
    const to = endOfField(bytes, from);
    if (to > from) addField(fields, bytes.subarray(from, to));
    from = to + 1;
  }
  return fields;
}

/** Whether all names and values of a form are in UTF-8: `&` and `=` end no character in the middle. */
function isUtf8Form(form: Uint8Array): boolean {
  return isUtf8(decodeBytes(Buffer.from(form.buffer, form.byteOffset, form.byteLength)));
}

/** Whether a form has more fields than a limit; looks no further than that. */
export function hasMoreFields(form: Uint8Array, limit: number): boolean {
  const bytes = Buffer.from(form.buffer, form.byteOffset, form.byteLength);
  let from = 0;
  for (let count = 0; count < limit; count += 1) {
    from = endOfField(bytes, from) + 1;
    if (from >= bytes.length) return false;
  }
  return true;
}

function endOfField(bytes: Buffer, from: number): number {
  const at = bytes.indexOf(AMPERSAND, from);
  return at === -1 ? bytes.length : at;
}

function addField(fields: Map<string, string[]>, field: Buffer): void {
  const at = field.indexOf(EQUALS);
  const name = decode(at === -1 ? field : field.subarray(0, at));
  const value = at === -1 ? '' : decode(field.subarray(at + 1));
  const values = fields.get(name);
  if (values === undefined) fields.set(name, [value]);
  else values.push(value);
}

/** A `+` is a space, `%41` is the byte 0x41, and a `%` without two hex digits stands for itself. */
function decodeBytes(bytes: Buffer): Buffer {
  if (!bytes.includes(PERCENT) && !bytes.includes(PLUS)) return bytes;
  const decoded = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const escaped = escapedByte(bytes, at);
    decoded[length] = escaped >= 0 ? escaped : plainByte(bytes[at]);
    length += 1;
    if (escaped >= 0) at += 2;
  }
  return decoded.subarray(0, length);
}

function decode(bytes: Buffer): string {
  return decodeBytes(bytes).toString('utf8');
}

function plainByte(byte = 0): number {
  return byte === PLUS ? SPACE : byte;
}

/** The byte that an escape at this place stands for; -1 where none is there. */
function escapedByte(bytes: Buffer, at: number): number {
  if (bytes[at] !== PERCENT) return -1;
  const high = hexDigit(bytes[at + 1]);
  const low = hexDigit(bytes[at + 2]);
  return high < 0 || low < 0 ? -1 : 16 * high + low;
}

/** The value of a hex digit; -1 for any other byte. */
function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

/** Far more than forms have fields, and than a part's headers have bytes. */
const LIMITS = { maxParts: 1_000, maxHeaderSize: 8_192, maxFileSize: 8_000_000, maxTotalSize: 8_000_000 };

/**
 * Reads the text fields of `multipart/form-data` (RFC 7578), values of one name together in the order they came. Files are passed
 * over. `undefined` where the body is none, or a field is not in UTF-8.
 *
 * The boundary is that of the first line: nobody signs the header that names it, too.
 */
function readParts(rawBody: Uint8Array): ReadonlyMap<string, readonly string[]> | undefined {
  const boundary = /^--([^\r\n]+)\r\n/.exec(Buffer.from(rawBody.subarray(0, 256)).toString('latin1'))?.[1];
  if (boundary === undefined) return undefined;
  try {
    return fieldsOfParts(parseMultipart(rawBody, { ...LIMITS, boundary }));
  } catch {
    // The library throws where a body is none, or beyond a limit.
    return undefined;
  }
}

function fieldsOfParts(parts: Iterable<MultipartPart>): ReadonlyMap<string, readonly string[]> | undefined {
  const fields = new Map<string, string[]>();
  for (const part of parts) {
    if (part.isFile || !part.name) continue;
    if (!isUtf8(part.bytes)) return undefined;
    fields.set(part.name, [...(fields.get(part.name) ?? []), part.text]);
  }
  return fields;
}
