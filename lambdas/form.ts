import { Buffer, isUtf8 } from 'node:buffer';

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
export function isUtf8Form(form: Uint8Array): boolean {
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
