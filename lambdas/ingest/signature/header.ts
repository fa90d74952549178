import { memoize } from '../../memoize.ts';
import { fail, type Result, succeed } from '../../result.ts';
import { decodeBytes } from './keys.ts';
import type { Extractor, TimestampOptions } from './scheme.ts';
import type { VerificationFailure } from './verification.ts';

/** Every value that a header holds for an extractor; at least one. */
function extractHeader(
  extractor: Extractor,
  headers: ReadonlyMap<string, string>,
  name: string,
): Result<readonly string[], VerificationFailure> {
  const { header } = extractor;
  const value = headers.get(header) ?? '';
  const values = readParts(extractor, value);
  if (values.length > 0) return succeed(values);
  if (value.trim() === '') return fail({ code: 'missing-header', header });
  return fail({ code: 'malformed-header', header, form: writeForm(extractor, name) });
}

/** The one value that a header holds for an extractor; several would leave open which of them is meant. */
export function extractOne(
  extractor: Extractor,
  headers: ReadonlyMap<string, string>,
  name: string,
): Result<string, VerificationFailure> {
  const values = extractHeader(extractor, headers, name);
  if (!values.ok) return values;
  const found = values.value.length;
  if (found > 1) return fail({ code: 'repeated-header', header: extractor.header, found });
  return succeed(values.value[0] ?? '');
}

/** The signatures that a header holds, as bytes. What is not written as it should be is no signature. */
export function extractSignatures(
  { signature, encoding }: { readonly signature: Extractor; readonly encoding: 'hex' | 'base64' },
  headers: ReadonlyMap<string, string>,
): Result<readonly Buffer[], VerificationFailure> {
  const sent = extractHeader(signature, headers, 'signature');
  if (!sent.ok) return sent;
  const signatures: Buffer[] = [];
  for (const text of sent.value) {
    const bytes = decodeBytes(text, encoding);
    if (bytes !== undefined) signatures.push(bytes);
  }
  if (signatures.length > 0) return succeed(signatures);
  const form = `${writeForm(signature, 'signature')}, in ${encoding}`;
  return fail({ code: 'malformed-header', header: signature.header, form });
}

/** Gives the value in a part of a header, which stands from one place to another, if it is of a pattern. */
type PartReader = (header: string, from: number, to: number) => string | undefined;

const readerOf = memoize((pick): PartReader => {
  // What most vendors' patterns are is read without an expression: a prefix, and all that is after it.
  const prefix = /^\^([A-Za-z0-9=:_-]*)\(\.[+*]\)\$$/.exec(pick)?.[1];
  if (prefix !== undefined) {
    return (header, from, to) =>
      from + prefix.length <= to && header.startsWith(prefix, from)
        ? header.slice(from + prefix.length, to)
        : undefined;
  }
  // Without a flag, so that nothing of one header is left in it for the next.
  const pattern = new RegExp(pick);
  return (header, from, to) => pattern.exec(header.slice(from, to))?.[1];
});

const readWhole: PartReader = (header, from, to) => header.slice(from, to);

/** The values in the parts of a header that an extractor wants; empty ones are none. */
export function readParts({ split, pick }: Extractor, header: string): readonly string[] {
  const read = pick === undefined ? readWhole : readerOf(pick);
  const values: string[] = [];
  for (let from = 0; from <= header.length; ) {
    const at = split === undefined ? -1 : header.indexOf(split, from);
    const to = at === -1 ? header.length : at;
    const start = skipBlanks(header, from, to);
    const value = read(header, start, skipBlanksBack(header, start, to));
    if (value) values.push(value);
    from = to + (split?.length ?? 1);
  }
  return values;
}

/** Blanks around a part are none of it: RFC 9110, 5.6.3. */
function skipBlanks(text: string, from: number, to: number): number {
  let start = from;
  while (start < to && isBlank(text.charCodeAt(start))) start += 1;
  return start;
}

function skipBlanksBack(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

function isBlank(character: number): boolean {
  return character === SPACE || character === TAB;
}

const SPACE = 0x20;
const TAB = 0x09;

/** A pattern that is nothing but fixed text around one group, as `^v1=(.+)$`. */
const SIMPLE_PATTERN =
  /^\^?((?:[^()[\]\\.*+?{}|^$]|\\[^A-Za-z0-9])*)\(.*\)((?:[^()[\]\\.*+?{}|^$]|\\[^A-Za-z0-9])*)\$?$/;

/** Writes a part of a header so that the extractor would read the value back; `undefined` where its pattern is intricate. */
export function writePart({ pick }: Extractor, value: string): string | undefined {
  if (pick === undefined) return value;
  const [, before, after] = SIMPLE_PATTERN.exec(pick) ?? [];
  if (before === undefined || after === undefined) return undefined;
  const part = `${plain(before)}${value}${plain(after)}`;
  return new RegExp(pick).exec(part)?.[1] === value || value.startsWith('{') ? part : undefined;
}

/** How a part of a header looks, for a person: `v1={signature}`. */
export function writeForm(extractor: Extractor, name: string): string {
  return writePart(extractor, `{${name}}`) ?? `text that ${extractor.pick} matches`;
}

function plain(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, '$1');
}

/** The timestamp as it was sent (that text is what is signed), once it is known to be near the receive time. */
export function readTimestamp(
  knobs: TimestampOptions,
  headers: ReadonlyMap<string, string>,
  receivedAt: Date,
): Result<string, VerificationFailure> {
  const sent = extractOne(knobs, headers, 'timestamp');
  if (!sent.ok) return sent;
  const milliseconds = READERS[knobs.format](sent.value);
  if (milliseconds === undefined) {
    return fail({ code: 'malformed-header', header: knobs.header, form: FORMS[knobs.format] });
  }
  const tooFar = judgeAge(knobs, Math.floor(receivedAt.getTime() / 1000) - Math.floor(milliseconds / 1000));
  return tooFar === undefined ? sent : fail(tooFar);
}

function judgeAge(
  { toleranceSeconds, futureToleranceSeconds = toleranceSeconds }: TimestampOptions,
  skewSeconds: number,
): VerificationFailure | undefined {
  if (toleranceSeconds !== undefined && skewSeconds > toleranceSeconds) {
    return { code: 'timestamp-too-old', skewSeconds, toleranceSeconds };
  }
  if (futureToleranceSeconds !== undefined && -skewSeconds > futureToleranceSeconds) {
    return {
      code: 'timestamp-in-future',
      skewSeconds: -skewSeconds,
      toleranceSeconds: futureToleranceSeconds,
    };
  }
  return undefined;
}

const FORMS: Readonly<Record<TimestampOptions['format'], string>> = {
  unix: 'seconds since 1970 in digits',
  'unix-ms': 'milliseconds since 1970 in digits',
  iso8601: 'ISO 8601 with an offset: 2026-11-24T09:30:00Z',
  'http-date': 'an HTTP date: Tue, 24 Nov 2026 09:30:00 GMT',
};

/** Milliseconds since 1970, or `undefined` for a text that is not of the format. */
const READERS: Readonly<Record<TimestampOptions['format'], (text: string) => number | undefined>> = {
  unix: (text) => (/^[0-9]{1,12}$/.test(text) ? Number(text) * 1000 : undefined),
  'unix-ms': (text) => (/^[0-9]{1,15}$/.test(text) ? Number(text) : undefined),
  iso8601: (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) ? parseDate(text) : undefined,
  'http-date': (text) => {
    const milliseconds = parseDate(text);
    // RFC 9110, 5.6.7: IMF-fixdate, the only form that a sender may write, is what toUTCString writes.
    return milliseconds !== undefined && new Date(milliseconds).toUTCString() === text
      ? milliseconds
      : undefined;
  },
};

function parseDate(text: string): number | undefined {
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
