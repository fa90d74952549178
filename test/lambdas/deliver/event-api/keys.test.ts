import { describe, expect, test } from '@jest/globals';
import {
  chooseKey,
  chooseProbeKey,
  type KeyMemory,
  keysOf,
  NO_KEY_KNOWN,
  parseWebexSecret,
  withRefused,
  withWorking,
} from '../../../../lambdas/deliver/event-api/keys.ts';

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
    expect(parse({ primary: 'a' })).toStrictEqual({ ok: true, value: { keys: { primary: 'a' } } });
  });

  test.each([undefined, '', 'short', 7, null])('keeps no key from being used, where it is %j', (hashKey) => {
    const value = { primary: 'a', hashKey };

    expect(read(value)).toEqual({ ok: true, value: { primary: 'a' } });
    const parsed = parse(value);
    expect(parsed.ok && parsed.value.hashKey).toBeUndefined();
  });
});

const BOTH = { primary: 'p', secondary: 's' };
const PRIMARY = { key: 'p', name: 'primary' };
const SECONDARY = { key: 's', name: 'secondary' };

function knowing(memory: Partial<KeyMemory>): KeyMemory {
  return { ...NO_KEY_KNOWN, ...memory };
}

describe('the key that is worth a call', () => {
  test.each([
    ['is the primary, to begin with', {}, PRIMARY],
    ['is the one that worked last', { working: 's' }, SECONDARY],
    ['is the other one than was refused', { refused: ['p'] }, SECONDARY],
    ['is not the one that worked last, if it was refused since', { working: 's', refused: ['s'] }, PRIMARY],
    ['is none, if both were refused', { refused: ['s', 'p'] }, undefined],
    ['is not one that the secret no longer holds', { working: 'old', refused: ['older'] }, PRIMARY],
  ])('%s', (_, memory, chosen) => {
    expect(chooseKey(BOTH, knowing(memory))).toEqual(chosen);
  });

  test('is the primary where there is no secondary, unless it was refused', () => {
    expect(chooseKey({ primary: 'p' }, NO_KEY_KNOWN)).toEqual(PRIMARY);
    expect(chooseKey({ primary: 'p' }, knowing({ refused: ['p'] }))).toBeUndefined();
  });
});

describe('the key to find out with, when all were refused,', () => {
  test('is the one whose refusal is longest ago', () => {
    expect(chooseProbeKey(BOTH, knowing({ refused: ['p', 's'] }))).toEqual(PRIMARY);
    expect(chooseProbeKey(BOTH, knowing({ refused: ['x', 's', 'p'] }))).toEqual(SECONDARY);
    expect(chooseProbeKey({ primary: 'p' }, knowing({ refused: ['p'] }))).toEqual(PRIMARY);
    expect(chooseProbeKey({ primary: 'p', secondary: 'p' }, knowing({ refused: ['p'] }))).toEqual(PRIMARY);
  });
});

describe('what is remembered', () => {
  test('of a refusal is its order, once for each key', () => {
    const refused = ['p', 's', 'p'].reduce(withRefused, knowing({ working: 's' }));

    expect(refused).toEqual({ working: 's', refused: ['s', 'p'] });
  });

  test('of a success is that key alone', () => {
    expect(withWorking('s')).toEqual({ working: 's', refused: [] });
  });
});
