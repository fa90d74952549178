import { Buffer } from 'node:buffer';
import { isUtf8Form, readFields } from './form.ts';
import { readParts } from './multipart.ts';
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
