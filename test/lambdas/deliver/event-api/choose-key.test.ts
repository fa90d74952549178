import { describe, expect, test } from '@jest/globals';
import {
  chooseKey,
  chooseProbeKey,
  type KeyMemory,
  NO_KEY_KNOWN,
  withRefused,
  withWorking,
} from '../../../../lambdas/deliver/event-api/keys.ts';

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
