import { Buffer, isUtf8 } from 'node:buffer';
import { parseJson } from './parse-json.ts';
import { fail, type Result, succeed } from './result.ts';

/** How a body is written. A form's fields become members; one that holds a JSON object or list is read as such. */
export type BodyFormat = 'json' | 'form';

/** Reads a body; fails where it is not what its format says. Integers of any length keep every digit. */
export function parseBody(
  rawBody: Uint8Array,
  format: BodyFormat,
): Result<unknown, { readonly code: 'body-not-json' }> {
  if (!isUtf8(rawBody)) return fail({ code: 'body-not-json' });
  const { buffer, byteOffset, byteLength } = rawBody;
  const decoded = Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
  // A byte order mark, which JSON.parse would refuse, is none of the text.
  const text = decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded;
  const value = format === 'form' ? succeed(readForm(text)) : tryJson(text);
  return value.ok ? value : fail({ code: 'body-not-json' });
}

/** The format that a Content-Type header names; what names none is taken for JSON, as vendors forget it. */
export function bodyFormatOf(contentType: string | undefined): BodyFormat {
  return /^application\/x-www-form-urlencoded\b/i.test(contentType?.trim() ?? '') ? 'form' : 'json';
}

function tryJson(text: string): Result<unknown, undefined> {
  try {
    return succeed(parseJson(text));
  } catch {
    return fail(undefined);
  }
}

/** GitHub's `payload`, Mandrill's `mandrill_events` and Slack's `payload` are JSON inside of a form. */
function readForm(text: string): Readonly<Record<string, unknown>> {
  const members = new Map<string, unknown>();
  for (const [name, value] of new URLSearchParams(text)) {
    const json = /^\s*[[{]/.test(value) ? tryJson(value) : fail(undefined);
    if (!members.has(name)) members.set(name, json.ok ? json.value : value);
  }
  return Object.fromEntries(members);
}
