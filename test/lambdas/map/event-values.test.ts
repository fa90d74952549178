import { describe, expect, test } from '@jest/globals';
import { normaliseEventKey, readEventTime, writeValue } from '../../../lambdas/map/event.ts';
import type { EventKeyMapping } from '../../../lambdas/map/mapping.ts';

const VALUE = '{% x %}';
const EMAIL: EventKeyMapping = { kind: 'email', value: VALUE, lowerCase: false };
const NUMBER: EventKeyMapping = { kind: 'msisdn', value: VALUE, plus: false };

async function normalise(mapping: EventKeyMapping, text: string): Promise<string | undefined> {
  const key = await normaliseEventKey(mapping, text);
  return key.ok ? key.value : undefined;
}

describe('an e-mail address', () => {
  test('is sent as it is written', async () => {
    expect(await normalise(EMAIL, 'Ann.Lee+shop@Example.com')).toBe('Ann.Lee+shop@Example.com');
  });

  test('is sent in lower case where that is asked for', async () => {
    expect(await normalise({ ...EMAIL, lowerCase: true }, 'Ann@Example.com')).toBe('ann@example.com');
  });

  test.each(['ann', 'ann@', '@example.com', 'a@b@c', 'ann lee@example.com', `${'x'.repeat(250)}@a.de`])(
    'is refused where it cannot be one: %j',
    async (text) => {
      expect(await normaliseEventKey(EMAIL, text)).toEqual({ ok: false, failure: { kind: 'email' } });
    },
  );

  test('may have 254 characters, and no more', async () => {
    expect(await normalise(EMAIL, `${'x'.repeat(242)}@example.com`)).toBeDefined();
    expect(await normalise(EMAIL, `${'x'.repeat(243)}@example.com`)).toBeUndefined();
  });
});

describe('a phone number', () => {
  test.each([
    ['+44 7400 123456', '447400123456'],
    ['+44 (0)7400 123456', '447400123456'],
    ['+49 151 23456789', '4915123456789'],
    ['tel:+1-212-555-0123', '12125550123'],
  ])('%j is sent in E.164, without its plus: %s', async (text, number) => {
    expect(await normalise(NUMBER, text)).toBe(number);
    expect(await normalise({ ...NUMBER, plus: true }, text)).toBe(`+${number}`);
  });

  test('without a country code is of the default region', async () => {
    expect(await normalise({ ...NUMBER, defaultRegion: 'GB' }, '07400 123456')).toBe('447400123456');
    expect(await normalise({ ...NUMBER, defaultRegion: 'DE' }, '0151 23456789')).toBe('4915123456789');
  });

  test.each(['07400 123456', 'call me', '+44 12', '+999 123456789', `+44${'1'.repeat(300)}`])(
    'is refused where it cannot be one: %j',
    async (text) => {
      expect(await normaliseEventKey(NUMBER, text)).toEqual({ ok: false, failure: { kind: 'msisdn' } });
    },
  );

  test('is looked at for 250 characters, and no more', async () => {
    expect(await normalise(NUMBER, `+44 7400 123456${' '.repeat(1_000)}x`)).toBe('447400123456');
  });

  test('of a region that there is not is taken as if none were given', async () => {
    expect(await normalise({ ...NUMBER, defaultRegion: 'XX' }, '+44 7400 123456')).toBe('447400123456');
  });
});

test.each(['text', 'device', 'customer-id'] as const)('a key of kind %s is sent as it is', async (kind) => {
  expect(await normalise({ kind, value: VALUE }, 'cus_9 @ X')).toBe('cus_9 @ X');
});

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
    'x2025-12-01T00:00:00Z',
    '2025-12-01T00:00:00Zx',
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
  ])('%p is no text: %s', (value, kind, type) => {
    expect(writeValue(value)).toEqual({ kind, type });
  });

  test('that was cut in the middle of an emoji is mended, as half of one is no UTF-8', () => {
    expect(writeValue('a\ud83d')).toEqual({ kind: 'text', text: 'a\ufffd' });
  });
});
