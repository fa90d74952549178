import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasMoreFields, readFields } from '../../lambdas/form-body.ts';

// Node's URLSearchParams decodes other letters wrongly where a broken escape stands beside them.
const anyForm = fc
  .oneof(
    fc.array(fc.constantFrom('a', 'b', '=', '&', '+', '%', '41', 'ff', '%4', '%C3', '%a9', ' ', 'g')),
    fc.array(fc.constantFrom('a', '=', '&', '+', '%41', 'é', '漢', '\ufeff')),
  )
  .map((pieces) => pieces.join(''));

describe('a form', () => {
  test('is read as URLSearchParams reads it', () => {
    fc.assert(
      fc.property(anyForm, (form) => {
        const read = [...readFields(Buffer.from(form))].flatMap(([name, values]) =>
          values.map((value) => `${name}=${value}`),
        );
        const expected = [...new URLSearchParams(form)].map(([name, value]) => `${name}=${value}`);

        expect(read.sort()).toEqual(expected.sort());
      }),
      { numRuns: 3_000 },
    );
  });

  test('keeps the order of the values of one name', () => {
    expect([...readFields(Buffer.from('a=2&b=1&a=1&a=2'))]).toEqual([
      ['a', ['2', '1', '2']],
      ['b', ['1']],
    ]);
  });

  test('keeps a question mark in front, which URLSearchParams drops', () => {
    expect([...readFields(Buffer.from('?a=1'))]).toEqual([['?a', ['1']]]);
  });

  test.each([
    ['a', 1, false],
    ['a&b', 1, true],
    ['a&b', 2, false],
    ['a&', 1, false],
    ['&&&', 2, true],
  ])('%j has more than %d fields: %s', (form, limit, isMore) => {
    expect(hasMoreFields(Buffer.from(form), limit)).toBe(isMore);
  });
});
