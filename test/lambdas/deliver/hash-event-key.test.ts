import { expect, test } from '@jest/globals';
import { hashEventKey } from '../../../lambdas/deliver/ledger/entry.ts';

const KEY = 'k'.repeat(64);

test('the hash of an event key is the same for the same key, another with another key, and tells nothing of it', () => {
  const hash = hashEventKey('ann@example.com', KEY);

  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hashEventKey('ann@example.com', KEY)).toBe(hash);
  expect(hashEventKey('ann@example.com', 'l'.repeat(64))).not.toBe(hash);
  expect(hashEventKey('bob@example.com', KEY)).not.toBe(hash);
});
