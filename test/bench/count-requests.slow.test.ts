import { beforeAll, describe, expect, test } from '@jest/globals';
import { itemBytes, lineBytes, readItem } from '../../bench/billed-bytes.ts';
import { type Counted, countRequests } from '../../bench/count-requests.ts';
import { COUNTED_REQUESTS, type RequestCounts } from '../../cli/stacks/load.ts';

let counted: Counted;
beforeAll(async () => {
  counted = await countRequests();
}, 240_000);

/** Ids and times differ in length from run to run: bytes are the same to a twentieth. */
const isBytes = (name: string) => name.endsWith('Bytes');

describe('the counted requests are what the local stack asks for now, or `npm run count-requests` is due:', () => {
  const { at: _, ...kinds } = COUNTED_REQUESTS;
  test.each(Object.entries(kinds))('%s', (kind, expected: RequestCounts) => {
    const now = counted[kind as keyof typeof kinds];
    expect(Object.keys(now).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) {
      const found = now[name as keyof RequestCounts];
      const mayDiffer = isBytes(name) ? Math.max(5, value / 20) : 0;
      expect([name, Math.abs(found - value) <= mayDiffer ? value : found]).toEqual([name, value]);
    }
  });
});

test('an item is as large as DynamoDB has it', () => {
  // Names and text by their UTF-8, a number by half its digits and one, a list or a map by three and one an element.
  const item = {
    key: { S: 'äb' },
    n: { N: '1234' },
    yes: { BOOL: true },
    list: { L: [{ S: 'ab' }] },
    map: { M: { a: { S: 'b' } } },
  };
  expect(itemBytes(readItem(item))).toBe(3 + 3 + (1 + 3) + (3 + 1) + (4 + 3 + 1 + 2) + (3 + 3 + 1 + 2));
});

test('a line of a log has 26 bytes more than its text', () => {
  expect(lineBytes('äb\n')).toBe(3 + 26);
});
