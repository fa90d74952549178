import { describe, expect, test } from '@jest/globals';
import { readTimestamp } from '../../../../lambdas/ingest/signature/header.ts';
import type { TimestampOptions } from '../../../../lambdas/ingest/signature/scheme.ts';

const NOW = new Date('2026-11-24T09:30:00Z');

function read(text: string, knobs: Pick<TimestampOptions, 'format'> & Partial<TimestampOptions>) {
  const read = readTimestamp(
    { header: 'x-time', toleranceSeconds: 300, ...knobs },
    new Map([['x-time', text]]),
    NOW,
  );
  return read.ok ? read.value : read.failure;
}

describe('a timestamp', () => {
  test.each([
    ['unix', '1795512600'],
    ['unix', '1795512899'],
    ['unix-ms', '1795512600000'],
    ['unix-ms', '1795512599001'],
    ['iso8601', '2026-11-24T09:30:00Z'],
    ['iso8601', '2026-11-24T09:30:00.5Z'],
    ['iso8601', '2026-11-24T09:30:00.123456789Z'],
    ['iso8601', '2026-11-24T11:30:00+02:00'],
    ['iso8601', '2026-11-24T08:00:00-01:30'],
    ['http-date', 'Tue, 24 Nov 2026 09:30:00 GMT'],
  ] as const)('as %s may be %s, and is signed as it was sent', (format, text) => {
    expect(read(text, { format })).toBe(text);
  });

  test.each([
    ['unix', '', 'missing-header'],
    ['unix', '-1', 'malformed-header'],
    ['unix', '1795512600a', 'malformed-header'],
    ['unix', 'a1795512600', 'malformed-header'],
    ['unix', '1e9', 'malformed-header'],
    ['unix', '1795512600.5', 'malformed-header'],
    ['unix', '1234567890123', 'malformed-header'],
    ['unix-ms', '1795512600000a', 'malformed-header'],
    ['unix-ms', 'a1795512600000', 'malformed-header'],
    ['unix-ms', '1234567890123456', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00', 'malformed-header'],
    ['iso8601', '2026-11-24 09:30:00Z', 'malformed-header'],
    ['iso8601', '2026-11-24', 'malformed-header'],
    ['iso8601', 'x2026-11-24T09:30:00Z', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00Zx', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00Z (x)', 'malformed-header'],
    ['iso8601', '(x) 2026-11-24T09:30:00Z', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00.Z', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00.1234567890Z', 'malformed-header'],
    ['iso8601', '2026-11-24T09:30:00 02:00', 'malformed-header'],
    ['iso8601', '2026-13-45T09:30:00Z', 'malformed-header'],
    ['http-date', 'Tue, 24 Nov 2026 09:30:00 UTC', 'malformed-header'],
    ['http-date', '24 Nov 2026 09:30:00 GMT', 'malformed-header'],
    ['http-date', 'Mon, 24 Nov 2026 09:30:00 GMT', 'malformed-header'],
    ['http-date', '2026-11-24T09:30:00Z', 'malformed-header'],
    ['http-date', 'now', 'malformed-header'],
  ] as const)('as %s may not be %j', (format, text, code) => {
    expect(read(text, { format })).toMatchObject({ code });
  });

  test.each([
    ['unix', 'seconds since 1970 in digits'],
    ['unix-ms', 'milliseconds since 1970 in digits'],
    ['iso8601', 'ISO 8601 with an offset: 2026-11-24T09:30:00Z'],
    ['http-date', 'an HTTP date: Tue, 24 Nov 2026 09:30:00 GMT'],
  ] as const)('as %s that cannot be read says what was expected: %s', (format, form) => {
    expect(read('no', { format })).toEqual({ code: 'malformed-header', header: 'x-time', form });
  });

  test('that cannot be picked out of its header says the form of the header', () => {
    expect(read('v=1', { format: 'unix', pick: '^t=(.+)$' })).toEqual({
      code: 'malformed-header',
      header: 'x-time',
      form: 't={timestamp}',
    });
  });

  test('that stands in a header more than once is not guessed at', () => {
    expect(read('1,2,3', { format: 'unix', split: ',' })).toEqual({
      code: 'repeated-header',
      header: 'x-time',
      found: 3,
    });
  });

  test.each([
    [{ toleranceSeconds: 10 }, -10, undefined],
    [{ toleranceSeconds: 10 }, -11, { code: 'timestamp-too-old', skewSeconds: 11, toleranceSeconds: 10 }],
    [{ toleranceSeconds: 10 }, 10, undefined],
    [{ toleranceSeconds: 10 }, 11, { code: 'timestamp-in-future', skewSeconds: 11, toleranceSeconds: 10 }],
    [{ toleranceSeconds: 10, futureToleranceSeconds: 5 }, 5, undefined],
    [
      { toleranceSeconds: 10, futureToleranceSeconds: 5 },
      6,
      { code: 'timestamp-in-future', skewSeconds: 6, toleranceSeconds: 5 },
    ],
    [{ toleranceSeconds: 10, futureToleranceSeconds: 5 }, -10, undefined],
    [{ toleranceSeconds: undefined }, -1e9, undefined],
    [{ toleranceSeconds: undefined }, 1e9, undefined],
    [{ toleranceSeconds: 0 }, 0, undefined],
    [{ toleranceSeconds: 0 }, -1, { code: 'timestamp-too-old', skewSeconds: 1, toleranceSeconds: 0 }],
  ])('with %j, %d seconds from now, is judged %j', (knobs, seconds, failure) => {
    const text = String(NOW.getTime() / 1000 + seconds);

    expect(read(text, { format: 'unix', ...knobs })).toEqual(failure ?? text);
  });
});
