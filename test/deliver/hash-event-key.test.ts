import { expect, test } from '@jest/globals';
import { hashEventKey, hashKeySchema } from '../../lambdas/deliver/hash-event-key.ts';

const KEY = 'k'.repeat(64);

test('the hash of an event key is the same for the same key, another with another key, and tells nothing of it', () => {
  const hash = hashEventKey('ann@example.com', { key: KEY });

  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hashEventKey('ann@example.com', { key: KEY })).toBe(hash);
  expect(hashEventKey('ann@example.com', { key: 'l'.repeat(64) })).not.toBe(hash);
  expect(hashEventKey('bob@example.com', { key: KEY })).not.toBe(hash);
});

test.each([{}, { key: '' }, { key: 'short' }])('%j is no key to hash with', (value) => {
  expect(hashKeySchema.safeParse(value).success).toBe(false);
});
