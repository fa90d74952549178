import { describe, expect, test } from '@jest/globals';
import { writeValue } from '../../../lambdas/map/event.ts';
import { readEventTime } from '../../../lambdas/map/time.ts';

describe('an event time', () => {
  test.each([
    ['unix seconds', 1_764_547_200, '2025-12-01T00:00:00.000Z'],
    ['unix seconds as text', '1764547200', '2025-12-01T00:00:00.000Z'],
    ['unix seconds with a fraction', '1764547200.5', '2025-12-01T00:00:00.500Z'],
    ['the first second', 0, '1970-01-01T00:00:00.000Z'],
    ['unix seconds with nine decimals', '1764547200.500000000', '2025-12-01T00:00:00.500Z'],
    ['unix milliseconds', 1_764_547_200_123, '2025-12-01T00:00:00.123Z'],
    ['unix milliseconds as text', '1764547200123', '2025-12-01T00:00:00.123Z'],
    ['the largest that is seconds', 99_999_999_999, '5138-11-16T09:46:39.000Z'],
    ['the smallest that is milliseconds', 100_000_000_000, '1973-03-03T09:46:40.000Z'],
    ['ISO 8601 in UTC', '2025-12-01T00:00:00Z', '2025-12-01T00:00:00.000Z'],
    ['ISO 8601 with an offset', '2025-12-01T01:30:00.250+01:30', '2025-12-01T00:00:00.250Z'],
    ['ISO 8601 with nine decimals', '2025-12-01T00:00:00.250000000Z', '2025-12-01T00:00:00.250Z'],
    ['ISO 8601 with an offset without a colon', '2025-12-01T00:00-0500', '2025-12-01T05:00:00.000Z'],
  ])('may be %s', (_, value, time) => {
    expect(readEventTime(value)?.toISOString()).toBe(time);
  });

  test.each([
    'yesterday',
    '2025-12-01',
    '2025-12-01T00:00:00',
    '2025-13-01T00:00:00Z',
    '2025-02-30T00:00:00Z',
    'x2025-12-01T00:00:00Z',
    '2025-12-01T00:00:00Zx',
    // JavaScript takes a comment behind a date.
    '2025-12-01T00:00:00Z (UTC)',
    '+002025-12-01T00:00:00Z',
    '',
    'x1764547200',
    '1764547200x',
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    9e15,
    true,
    {},
    null,
    ['2025-12-01T00:00:00Z'],
    ['1764547200'],
  ])('is not %j', (value) => {
    expect(readEventTime(value)).toBeUndefined();
  });
});

describe('a value', () => {
  test.each([
    ['text', 'text'],
    ['', ''],
    [' spaced ', ' spaced '],
    [0, '0'],
    [-12.5, '-12.5'],
    [0.1, '0.1'],
    [9007199254740991, '9007199254740991'],
    [1e21, '1000000000000000000000'],
    [1e-7, '0.0000001'],
    [1e-30, '0'],
    [true, 'true'],
    [false, 'false'],
    ['nullable', 'nullable'],
    ['not null', 'not null'],
  ])('%j is written as %j', (value, text) => {
    expect(writeValue(value)).toEqual({ kind: 'text', text });
  });

  test.each([
    [undefined, 'missing', 'missing'],
    [null, 'null', 'null'],
    ['null', 'null', 'text "null"'],
    ['NULL', 'null', 'text "null"'],
    [' Null\n', 'null', 'text "null"'],
    ['\u00a0null', 'null', 'text "null"'],
    ['\u3000NULL\u3000', 'null', 'text "null"'],
    [{}, 'not-text', 'object'],
    [[], 'not-text', 'array'],
    [() => 1, 'not-text', 'function'],
    [{ _jsonata_lambda: true, apply: () => 1 }, 'not-text', 'function'],
    [{ _jsonata_function: true, implementation: () => 1 }, 'not-text', 'function'],
    [{ _jsonata_function: true }, 'not-text', 'object'],
    [Number.NaN, 'not-text', 'not a number'],
    [Number.POSITIVE_INFINITY, 'not-text', 'not a number'],
    ['nu\u0000ll', 'null', 'text "null"'],
  ])('%p is no text: %s', (value, kind, type) => {
    expect(writeValue(value)).toEqual({ kind, type });
  });

  test('that was cut in the middle of an emoji is mended, as half of one is no UTF-8', () => {
    expect(writeValue('a\ud83d')).toEqual({ kind: 'text', text: 'a\ufffd' });
  });

  test.each([
    ['a\u0000b\u0007c\u001bd\u007fe\u0085f', 'abcdef'],
    ['one\r\ntwo\rthree\nfour\tfive', 'one\ntwo\nthree\nfour\tfive'],
  ])('%j is sent without control characters, but with its line breaks and tabs', (value, text) => {
    expect(writeValue(value)).toEqual({ kind: 'text', text });
  });
});
