import { describe, expect, test } from '@jest/globals';
import { normaliseEventKey } from '../../../lambdas/map/event.ts';
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
