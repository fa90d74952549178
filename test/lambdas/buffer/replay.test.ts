import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  applyReplay,
  itemRangesSchema,
  type Replay,
  readReplay,
  writeItemRanges,
  writeReplay,
} from '../../../lambdas/buffer/replay.ts';

const EVENTS = [
  { name: 'paid' },
  { name: 'each', item: 0 },
  { name: 'each', item: 1 },
  { name: 'new', formerly: ['old', 'older'] },
];

/** The places of the events that a replay is of, with the permission for each. */
function chosenBy(replay: Replay, events: readonly (typeof EVENTS)[number][] = EVENTS) {
  const { chosen, missing } = applyReplay(replay, events);
  return {
    chosen: chosen.map(({ event, replay: permission }) => [events.indexOf(event), permission]),
    missing,
  };
}

describe('a replay', () => {
  const group = fc.record(
    {
      event: fc.string({ minLength: 1 }),
      items: fc
        .uniqueArray(fc.nat({ max: 9_999 }), { minLength: 1, maxLength: 20 })
        .map((items) => items.sort((a, b) => a - b)),
      revision: fc.integer({ min: 1, max: 99 }),
    },
    { requiredKeys: ['event'] },
  );
  const replays = fc.record(
    {
      events: fc.array(group, { minLength: 1, maxLength: 5 }),
      unconfirmed: fc.constant(true as const),
      late: fc.constant(true as const),
    },
    { requiredKeys: [] },
  );

  test('is read as it was written', () => {
    fc.assert(
      fc.property(replays, (replay) => {
        expect(readReplay({ replay: writeReplay(replay) })).toEqual(replay);
      }),
    );
  });

  test.each([
    [
      { event: 'each', item: 1, revision: 3, late: true },
      { events: [{ event: 'each', items: [1], revision: 3 }], late: true },
    ],
    [{ event: 'paid' }, { events: [{ event: 'paid' }] }],
    [{}, {}],
  ])('that 0.1.0 wrote as %j is still read', (written, read) => {
    expect(readReplay({ replay: JSON.stringify(written) })).toEqual(read);
  });

  test.each([undefined, '', '{', '{"events":[]}', '{"revision":0,"event":"a"}', '{"more":1}'])(
    'is not read from %j',
    (text) => {
      expect(readReplay(text === undefined ? {} : { replay: text })).toBeUndefined();
    },
  );

  test('is of its events alone, each at the revision that was seen', () => {
    const replay = { events: [{ event: 'each', items: [1], revision: 4 }], unconfirmed: true as const };

    expect(chosenBy(replay)).toEqual({ chosen: [[2, { revision: 4, unconfirmed: true }]], missing: [] });
  });

  test('that names no event is of all', () => {
    expect(chosenBy({ late: true })).toEqual({
      chosen: EVENTS.map((_, place) => [place, { late: true }]),
      missing: [],
    });
  });

  test('finds an event that was renamed since', () => {
    expect(chosenBy({ events: [{ event: 'older', revision: 2 }] })).toEqual({
      chosen: [[3, { revision: 2 }]],
      missing: [],
    });
  });

  test('keeps what the mapping no longer has: an event, an item, an event that has no items now', () => {
    const events = [{ event: 'gone' }, { event: 'each', items: [1, 7] }, { event: 'paid', items: [0] }];

    expect(chosenBy({ events })).toEqual({
      chosen: [[2, {}]],
      missing: [{ name: 'gone' }, { name: 'each', item: 7 }, { name: 'paid', item: 0 }],
    });
  });

  test('of an event that has items only now is of all of them, and the revision is none of theirs', () => {
    expect(chosenBy({ events: [{ event: 'each', revision: 3 }] })).toEqual({
      chosen: [
        [1, {}],
        [2, {}],
      ],
      missing: [],
    });
  });
});

const rangesSchema = itemRangesSchema();

describe('the items of a batch', () => {
  test.each([
    [[0], '0'],
    [[0, 1, 2, 41, 43], '0-2,41,43'],
    [[5, 3, 4, 3], '3-5'],
  ])('%j are written %s', (items, text) => {
    expect(writeItemRanges(items)).toBe(text);
  });

  test('are read as they were written, in order and once each', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20_000 }), { minLength: 1 }), (items) => {
        const inOrder = [...new Set(items)].sort((one, other) => one - other);

        expect(rangesSchema.parse(writeItemRanges(items))).toEqual(inOrder);
      }),
    );
  });

  test('of ten thousand failures in a row take a few characters', () => {
    expect(writeItemRanges(Array.from({ length: 10_000 }, (_, item) => item))).toBe('0-9999');
  });

  test.each(['', 'a', '1-', '-1', '1,,2', '1 2', '99999999'])('are not read from %j', (text) => {
    expect(rangesSchema.safeParse(text).success).toBe(false);
  });
});
