import { fail, type Result, succeed } from '../../result.ts';
import { decodeBytes } from './keys.ts';
import type { Extractor, TimestampOptions } from './scheme.ts';
import { type Carrier, compilePlaceReader, malformedAt, repeatedAt } from './signed-content.ts';
import type { SignatureMethod, VerificationFailure } from './verification.ts';

// Each reader is compiled once, from the options of a scheme, and reads every request.

type Read<Value> = Result<Value, VerificationFailure>;

/** Reads the one value that stands where an extractor says; of several values, none can be known to be meant. */
export function compileValueReader(extractor: Extractor, name: string): (carrier: Carrier) => Read<string> {
  const readValues = compileValuesReader(extractor, name);
  return (carrier) => {
    const values = readValues(carrier);
    if (!values.ok) return values;
    const found = values.value.length;
    if (found > 1) return fail(repeatedAt(extractor, found));
    return succeed(values.value[0] ?? '');
  };
}

/** Reads the signatures of a request, as bytes. What is not in the encoding is no signature. */
export function compileSignatureReader({
  signature,
  encoding,
}: {
  readonly signature: Extractor;
  readonly encoding: SignatureMethod['encoding'];
}): (carrier: Carrier) => Read<readonly Buffer[]> {
  const readValues = compileValuesReader(signature, 'signature');
  return (carrier) => {
    const sent = readValues(carrier);
    if (!sent.ok) return sent;
    const signatures: Buffer[] = [];
    for (const text of sent.value) {
      const bytes = decodeBytes(text, encoding);
      if (bytes !== undefined) signatures.push(bytes);
    }
    if (signatures.length > 0) return succeed(signatures);
    return fail(malformedAt(signature, `${formatPart(signature, 'signature')}, in ${encoding}`));
  };
}

/** Reads every value that stands where an extractor says; at least one. */
function compileValuesReader(
  extractor: Extractor,
  name: string,
): (carrier: Carrier) => Read<readonly string[]> {
  const readTexts = compilePlaceReader(extractor);
  const readParts = compilePartsReader(extractor);
  return (carrier) => {
    const texts = readTexts(carrier);
    if (!texts.ok) return texts;
    const values = texts.value.flatMap(readParts);
    return values.length > 0 ? succeed(values) : fail(malformedAt(extractor, formatPart(extractor, name)));
  };
}

/** Reads the values of a header's parts that an extractor picks, without the empty ones. */
export function compilePartsReader({
  split,
  pick,
}: Pick<Extractor, 'split' | 'pick'>): (header: string) => readonly string[] {
  const read = pick === undefined ? readWhole : compilePick(pick);
  return (header) => readParts(header, split, read);
}

function readParts(header: string, split: string | undefined, read: PartReader): readonly string[] {
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

/** Reads the value of the part between two places of a header, if the part matches. */
type PartReader = (header: string, from: number, to: number) => string | undefined;

const readWhole: PartReader = (header, from, to) => header.slice(from, to);

function compilePick(pick: string): PartReader {
  // Most vendors' patterns are a prefix and all that is after it: that is read without an expression.
  const prefix = /^\^([A-Za-z0-9=:_-]*)\(\.[+*]\)\$$/.exec(pick)?.[1];
  if (prefix !== undefined) {
    return (header, from, to) =>
      from + prefix.length <= to && header.startsWith(prefix, from)
        ? header.slice(from + prefix.length, to)
        : undefined;
  }
  // Without a flag, so that it keeps no state from one header to the next.
  const pattern = new RegExp(pick);
  return (header, from, to) => pattern.exec(header.slice(from, to))?.[1];
}

/** Blanks around a part do not belong to it: RFC 9110, 5.6.3. */
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

/** A pattern of fixed text around one group: `^v1=(.+)$`. */
const SIMPLE_PATTERN =
  /^\^?((?:[^()[\]\\.*+?{}|^$]|\\[^A-Za-z0-9])*)\(.*\)((?:[^()[\]\\.*+?{}|^$]|\\[^A-Za-z0-9])*)\$?$/;

/** Text that a part may have or not: `(?:sha256=)?`. It is not written. */
const OPTIONAL_TEXT = /\(\?:[^()[\]\\.*+?{}|^$]*\)\?/g;

/** Writes a part of a header from which the extractor reads the value back; `undefined` where its pattern is not simple. */
export function writePart({ pick }: Extractor, value: string): string | undefined {
  if (pick === undefined) return value;
  const [, before, after] = SIMPLE_PATTERN.exec(pick.replaceAll(OPTIONAL_TEXT, '')) ?? [];
  if (before === undefined || after === undefined) return undefined;
  const part = `${plain(before)}${value}${plain(after)}`;
  return new RegExp(pick).exec(part)?.[1] === value || value.startsWith('{') ? part : undefined;
}

/** How a part of a header looks, for a person: `v1={signature}`. */
export function formatPart(extractor: Extractor, name: string): string {
  return writePart(extractor, `{${name}}`) ?? `text that ${extractor.pick} matches`;
}

function plain(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, '$1');
}

/** Reads the timestamp as it was sent (that text is what is signed), and fails where it is too far from the receive time. */
export function compileTimestampReader(
  options: TimestampOptions,
): (carrier: Carrier, receivedAt: Date) => Read<string> {
  const readValue = compileValueReader(options, 'timestamp');
  return (carrier, receivedAt) => {
    const sent = readValue(carrier);
    if (!sent.ok) return sent;
    const milliseconds = TIME_PARSERS[options.format](sent.value);
    if (milliseconds === undefined) {
      return fail(malformedAt(options, TIME_FORMS[options.format]));
    }
    const tooFar = judgeAge(options, milliseconds, receivedAt);
    return tooFar === undefined ? sent : fail(tooFar);
  };
}

/** What is wrong with a time of signing, in milliseconds since 1970, if anything. */
export function judgeAge(
  {
    toleranceSeconds,
    futureToleranceSeconds = toleranceSeconds,
  }: Pick<TimestampOptions, 'toleranceSeconds' | 'futureToleranceSeconds'>,
  milliseconds: number,
  receivedAt: Date,
): VerificationFailure | undefined {
  const skewSeconds = Math.floor(receivedAt.getTime() / 1000) - Math.floor(milliseconds / 1000);
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

const TIME_FORMS: Readonly<Record<TimestampOptions['format'], string>> = {
  unix: 'seconds since 1970 in ten digits',
  'unix-ms': 'milliseconds since 1970 in thirteen digits',
  iso8601: 'ISO 8601 with an offset: 2026-11-24T09:30:00Z',
  'http-date': 'an HTTP date: Tue, 24 Nov 2026 09:30:00 GMT',
};

/**
 * Milliseconds since 1970, or `undefined` for a text that is not of the format. Each time has one spelling, and no spelling
 * begins or ends another: where a template has nothing between timestamp and body, no digit can move from one to the other.
 * Ten digits are the years 2001 to 2286.
 */
const TIME_PARSERS: Readonly<Record<TimestampOptions['format'], (text: string) => number | undefined>> = {
  unix: (text) => (/^[0-9]{10}$/.test(text) ? Number(text) * 1000 : undefined),
  'unix-ms': (text) => (/^[0-9]{13}$/.test(text) ? Number(text) : undefined),
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
