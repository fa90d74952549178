import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashEventKey } from '../../../lambdas/deliver/ledger/entry.ts';
import { fail, succeed } from '../../../lambdas/result.ts';
import { answerSearch, SEARCHES_A_MINUTE, type SearchDependencies } from '../../../lambdas/search/search.ts';

const HASH_KEY = 'a hash key of the test, 32 characters';
const BY = 'arn:aws:sts::1:assumed-role/Marketing/ann';

function ask(request: unknown, given: Partial<SearchDependencies> = {}) {
  const lines: object[] = [];
  const answer = answerSearch(request, {
    count: async () => succeed(1),
    readHashKey: async () => succeed(HASH_KEY),
    log: (line) => lines.push(line),
    ...given,
  });
  return answer.then((value) => ({ value, lines }));
}

describe('the search function', () => {
  test('answers the hash by which the ledger knows a customer, and logs who asked, never about whom', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 12, maxLength: 500 }), async (eventKey) => {
        const { value, lines } = await ask({ eventKey, by: BY });

        expect(value).toEqual({ eventKeyHash: hashEventKey(eventKey, HASH_KEY) });
        expect(lines).toEqual([{ code: 'customer-searched', by: BY }]);
      }),
    );
  });

  test.each<[string, Partial<SearchDependencies>, object]>([
    [
      'too many searches in a minute',
      { count: async () => succeed(SEARCHES_A_MINUTE + 1) },
      { code: 'search-limited' },
    ],
    [
      'a search that cannot be counted',
      { count: async () => fail({ cause: 'Throttling' }) },
      { code: 'search-uncounted', cause: 'Throttling' },
    ],
    [
      'a secret without a key for hashes',
      { readHashKey: async () => succeed(undefined) },
      { code: 'hash-key-missing' },
    ],
    [
      'a secret that has no value',
      { readHashKey: async () => fail({ code: 'secret-missing', secret: 's' }) },
      { code: 'secret-missing' },
    ],
  ])('refuses by %s, and logs that', async (_, given, refusal) => {
    const { value, lines } = await ask({ eventKey: 'ann@example.com', by: BY }, given);

    expect(value).toEqual(refusal);
    expect(lines).toEqual([{ ...refusal, by: BY }]);
  });

  test('takes the last search that is allowed', async () => {
    const { value } = await ask({ eventKey: 'a', by: BY }, { count: async () => succeed(SEARCHES_A_MINUTE) });

    expect(value).toHaveProperty('eventKeyHash');
  });

  test.each([
    [undefined],
    [{}],
    [{ eventKey: '', by: BY }],
    [{ eventKey: 'a' }],
    [{ eventKey: 'a'.repeat(501), by: BY }],
    [{ eventKey: 'a', by: BY, more: 1 }],
  ])('refuses a request that it does not understand: %j', async (request) => {
    const { value, lines } = await ask(request, { count: () => Promise.reject(new Error('was counted')) });

    expect(value).toEqual({ code: 'search-invalid' });
    expect(lines).toEqual([{ code: 'search-invalid', by: 'unknown' }]);
  });
});
