import { describe, expect, test } from '@jest/globals';
import { keysOf, parseWebexSecret } from '../../../../lambdas/deliver/event-api/keys.ts';

const HASH_KEY = 'k'.repeat(64);

function parse(value: unknown) {
  return parseWebexSecret('webex-campaign', JSON.stringify(value));
}

function read(value: unknown) {
  return keysOf(parse(value));
}

describe('the keys of Webex Campaign', () => {
  test.each([{ primary: '!key~' }, { primary: 'a', secondary: 'b' }])('may be %j', (keys) => {
    expect(read(keys)).toEqual({ ok: true, value: keys });
    expect(read({ ...keys, hashKey: HASH_KEY })).toEqual({ ok: true, value: keys });
  });

  test('may be one, and the place of the other empty, as it was created', () => {
    expect(read({ primary: 'a', secondary: '', hashKey: HASH_KEY })).toStrictEqual({
      ok: true,
      value: { primary: 'a' },
    });
  });

  test.each([{}, { primary: '' }, { primary: '', secondary: '', hashKey: HASH_KEY }])(
    'are missing from %j, rather than wrong: nobody has set them yet',
    (value) => {
      expect(read(value)).toEqual({
        ok: false,
        failure: { code: 'secret-missing', secret: 'webex-campaign' },
      });
    },
  );

  test.each([
    [{ primary: ' key' }, '/primary: expected a key of visible ASCII characters'],
    [{ primary: 'key\n' }, '/primary: expected a key of visible ASCII characters'],
    [{ primary: 'ké' }, '/primary: expected a key of visible ASCII characters'],
    [{ primary: 'a', secondary: ' ' }, '/secondary: expected a key of visible ASCII characters'],
    [{ primary: '', secondary: 'b' }, '/primary: is empty'],
    [{ secondary: 'b' }, '/primary: is empty'],
    [{ primary: 'a', tertiary: 'c' }, 'tertiary'],
  ])('may not be %j', (keys, problem) => {
    expect(read(keys)).toMatchObject({
      ok: false,
      failure: { code: 'secret-invalid', problems: [expect.stringContaining(problem)] },
    });
  });
});

describe('the key of the hashes, beside them,', () => {
  test('is read', () => {
    expect(parse({ primary: 'a', hashKey: HASH_KEY })).toMatchObject({ value: { hashKey: HASH_KEY } });
  });

  test.each([undefined, '', 'short', 7, null])('keeps no key from being used, where it is %j', (hashKey) => {
    const value = { primary: 'a', hashKey };

    expect(read(value)).toEqual({ ok: true, value: { primary: 'a' } });
    const parsed = parse(value);
    expect(parsed.ok && parsed.value.hashKey).toBeUndefined();
  });
});
