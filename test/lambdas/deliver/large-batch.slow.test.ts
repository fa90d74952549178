import { beforeAll, describe, expect, test } from '@jest/globals';
import { compiledMapping } from '../map/compiled-mapping.ts';
import { type Cost, workOff } from './batch-world.ts';

const EACH = {
  name: 'each',
  on: 'batch',
  items: '{% items %}',
  'event-id': 'evt_1',
  'event-key': '{% $item.key %}',
};
const BY_PLACE = compiledMapping([EACH]);
const BY_IDENTITY = compiledMapping([{ ...EACH, 'deduplication-id': '{% $item.id %}' }]);
const AGED = compiledMapping([{ ...EACH, 'max-age': '1h', 'event-time': '{% $item.at %}' }]);

const SIZES = [1_000, 3_000, 10_000] as const;

/** Each kind of batch, and what becomes of all of its items. */
const KINDS = {
  delivered: { mapping: BY_PLACE, item: (place: number) => ({ key: `k${place}` }) },
  identified: { mapping: BY_IDENTITY, item: (place: number) => ({ key: `k${place}`, id: `id-${place}` }) },
  rejected: { mapping: BY_PLACE, item: (place: number) => ({ key: null, place }) },
  expired: { mapping: AGED, item: (place: number) => ({ key: `k${place}`, at: '2026-11-01T00:00:00Z' }) },
};

const costs = new Map<string, readonly Cost[]>();

beforeAll(async () => {
  for (const [kind, { mapping, item }] of Object.entries(KINDS)) {
    const ofKind: Cost[] = [];
    for (const size of SIZES) {
      const body = { items: Array.from({ length: size }, (_, place) => item(place)) };
      ofKind.push(await workOff({ mapping, body, perSecond: 50 }));
    }
    costs.set(kind, ofKind);
  }
}, 300_000);

function costOf(kind: string, size: (typeof SIZES)[number]): Cost {
  const cost = costs.get(kind)?.[SIZES.indexOf(size)];
  if (cost === undefined) throw new Error(`${kind} was not worked off.`);
  return cost;
}

/** The exponent by which something grows with the number of items. */
function exponent(less: number, more: number, factor: number): number {
  return Math.log(more / less) / Math.log(factor);
}

describe('a batch of 10,000 items', () => {
  test.each(['delivered', 'identified'])(
    '%s at 50 a second takes at most 1.2 times the ideal time',
    (kind) => {
      const { seconds, calls } = costOf(kind, 10_000);

      expect(calls).toBe(10_000);
      expect(seconds).toBeLessThanOrEqual(1.2 * (10_000 / 50));
    },
  );

  test.each(['rejected', 'expired'])('that is %s ends, and calls nothing', (kind) => {
    const { seconds, calls } = costOf(kind, 10_000);

    expect(calls).toBe(0);
    expect(seconds).toBeLessThan(60);
  });

  test('that is rejected leaves a dead letter per receive, not one per item', () => {
    const { deadLetters, receives } = costOf('rejected', 10_000);

    expect(deadLetters).toBeLessThanOrEqual(receives);
  });

  test.each([
    ['delivered', 2],
    ['identified', 2],
    ['rejected', 2],
    ['expired', 1],
  ])('%s costs %d writes an item, and hardly any reads', (kind, writes) => {
    const cost = costOf(kind, 10_000);

    expect(cost.writes / 10_000).toBeLessThanOrEqual(writes * 1.1);
    expect(cost.reads / 10_000).toBeLessThanOrEqual(0.05);
  });
});

describe.each(Object.keys(KINDS))('batches that are %s', (kind) => {
  test.each(['reads', 'writes', 'logBytes'] as const)('cost %s in proportion to their size', (what) => {
    const [small, middle, large] = SIZES.map((size) => costOf(kind, size)[what]) as [number, number, number];

    expect(exponent(small, middle, 3)).toBeLessThanOrEqual(1.05);
    expect(exponent(small, large, 10)).toBeLessThanOrEqual(1.05);
    // Reads are a few: 7 and 25 here, two a receive. Their steps are too coarse for this pair.
    if (what !== 'reads') expect(exponent(middle, large, 10 / 3)).toBeLessThanOrEqual(1.05);
  });

  test.each(SIZES)('of %d items cost at most two reads a receive', (size) => {
    const { reads, receives } = costOf(kind, size);

    expect(reads).toBeLessThanOrEqual(2 * receives);
  });
});

test('a batch that takes more receives than SQS allows goes on by fresh copies of its message', async () => {
  const body = { items: Array.from({ length: 1_000 }, (_, place) => ({ key: `k${place}` })) };
  const { calls, copies, receives, deadLetters } = await workOff({ mapping: BY_PLACE, body, perSecond: 0.1 });

  expect([calls, deadLetters]).toEqual([1_000, 0]);
  expect(receives).toBeGreaterThan(300);
  expect(copies).toBe(Math.floor(receives / 300));
}, 120_000);
