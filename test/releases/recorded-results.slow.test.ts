import { describe, expect, test } from '@jest/globals';
import { casesOf, hashOf, type RecordedWebhook, resultOf } from './mapping-cases.ts';
import { mappersOf, readDocumented, readResults, readWebhooks } from './recording.ts';
import { checkDifferences, type Difference, type RecordedResults } from './results-table.ts';
import { THIS_TREE } from './this-tree.ts';

const MAPPER_OF = mappersOf(THIS_TREE);

/** What differs of a webhook now, and the recorded cases that were run. */
async function compare(webhook: RecordedWebhook, { whole, mutations }: RecordedResults) {
  const recorded = new Map([[webhook.name, hashOf(whole)], ...mutations]);
  const found: Difference[] = [];
  const ran: string[] = [];
  for (const { id, body } of casesOf(webhook)) {
    const recordedHash = recorded.get(id);
    if (recordedHash === undefined) continue;
    ran.push(id);
    const now = await resultOf(THIS_TREE, MAPPER_OF(webhook), webhook, body);
    if (hashOf(now) === recordedHash) continue;
    found.push({ id, recordedHash, now, ...(id === webhook.name && { recorded: whole }) });
  }
  return { found, ran, recorded: [...recorded.keys()] };
}

describe('the mappings of 0.1.0', () => {
  test('give what they gave with 0.1.0, but for the documented differences', async () => {
    const results = readResults();
    const found: Difference[] = [];
    const ran: string[] = [];
    for (const webhook of readWebhooks()) {
      const result = results.get(webhook.name);
      if (result === undefined) throw new Error(`There is no result of ${webhook.name}.`);
      const compared = await compare(webhook, result);
      // A recorded case that no longer runs would hide a difference.
      expect(compared.ran.toSorted()).toEqual(compared.recorded.toSorted());
      found.push(...compared.found);
      ran.push(...compared.ran);
    }

    expect(ran.length).toBeGreaterThan(40_000);
    expect(checkDifferences(found, readDocumented())).toEqual([]);
  });
});

describe('a difference', () => {
  const FOUND: readonly Difference[] = [
    { id: 'shipped/stripe/a /id null', recordedHash: 'old', now: '"new"' },
    { id: 'shipped/stripe/b /id null', recordedHash: 'old', now: '"new"' },
  ];
  const ENTRY = { cases: '* /id null', reason: 'ids may be missing', count: 2, digest: '' };
  const DIGEST = /digest (\w+)/.exec(checkDifferences(FOUND, []).join())?.[1] ?? '';

  test('that is documented with its digest passes', () => {
    expect(checkDifferences(FOUND, [{ ...ENTRY, digest: DIGEST }])).toEqual([]);
  });

  test('that no entry names is listed with its new result', () => {
    expect(checkDifferences(FOUND.slice(1), [])).toEqual([
      expect.stringMatching(/^1 not documented/),
      'shipped/stripe/b /id null: was old\n  is "new"',
    ]);
  });

  test.each([
    ['no longer occurs', []],
    ['occurs in fewer cases', FOUND.slice(1)],
    ['has another new result', FOUND.map((one) => ({ ...one, now: '"newer"' }))],
  ])('that is documented and %s is refused', (_, found) => {
    expect(checkDifferences(found, [{ ...ENTRY, digest: DIGEST }])).not.toEqual([]);
  });

  test('is not covered by a pattern that only looks like its id', () => {
    expect(checkDifferences(FOUND, [{ ...ENTRY, cases: 'shipped.stripe*', digest: DIGEST }])).not.toEqual([]);
  });
});
