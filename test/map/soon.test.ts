import { describe, expect, test } from '@jest/globals';
import { after as goOnWith, inTurn } from '../../lambdas/map/soon.ts';

describe('what may have to be waited for', () => {
  test('is gone on with at once if it is there', () => {
    expect(goOnWith(1, (value) => value + 1)).toBe(2);
  });

  test('is waited for if it is not', async () => {
    const later = goOnWith(Promise.resolve(1), (value) => value + 1);

    expect(later).toBeInstanceOf(Promise);
    expect(await later).toBe(2);
  });
});

/** Notes when the work for each item begins and ends; of some items it takes a while. */
function noting(slow: string) {
  const notes: string[] = [];
  const work = (item: string, index: number): string | Promise<string> => {
    notes.push(`${item} begins`);
    if (!slow.includes(item)) return `${index}${item}`;
    return new Promise((resolve) => {
      setImmediate(() => {
        notes.push(`${item} ends`);
        resolve(`${index}${item}`);
      });
    });
  };
  return { notes, work };
}

describe('work for each of a list', () => {
  test('is done at once where none has to be waited for', () => {
    expect(inTurn(['a', 'b'], noting('').work)).toEqual(['0a', '1b']);
    expect(inTurn([], noting('').work)).toEqual([]);
  });

  test.each(['a', 'b', 'c', 'ab', 'ac', 'bc', 'abc'])(
    'is done one after the other: %s take a while',
    async (slow) => {
      const { notes, work } = noting(slow);
      const done = inTurn(['a', 'b', 'c'], work);

      expect(done).toBeInstanceOf(Promise);
      expect(await done).toEqual(['0a', '1b', '2c']);
      const ends = (item: string) => (slow.includes(item) ? [`${item} ends`] : []);
      expect(notes).toEqual(['a', 'b', 'c'].flatMap((item) => [`${item} begins`, ...ends(item)]));
    },
  );
});
