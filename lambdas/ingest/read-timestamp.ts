import { fail, type Result } from '../result.ts';
import { extractOne } from './extract-header.ts';
import type { TimestampKnobs } from './signature-scheme.ts';
import type { VerificationFailure } from './verification.ts';

/** The timestamp as it was sent (that text is what is signed), once it is known to be near the receive time. */
export function readTimestamp(
  knobs: TimestampKnobs,
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
  { toleranceSeconds, futureToleranceSeconds = toleranceSeconds }: TimestampKnobs,
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

const FORMS: Readonly<Record<TimestampKnobs['format'], string>> = {
  unix: 'seconds since 1970 in digits',
  'unix-ms': 'milliseconds since 1970 in digits',
  iso8601: 'ISO 8601 with an offset: 2026-11-24T09:30:00Z',
  'http-date': 'an HTTP date: Tue, 24 Nov 2026 09:30:00 GMT',
};

/** Milliseconds since 1970, or `undefined` for a text that is not of the format. */
const READERS: Readonly<Record<TimestampKnobs['format'], (text: string) => number | undefined>> = {
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
