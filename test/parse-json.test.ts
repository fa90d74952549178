import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../lambdas/parse-json.ts';

describe('parsing a body', () => {
  test('keeps every digit of an integer that a double would round', () => {
    expect(parseJson('{"id":820982911946154508,"list":[-9007199254740993]}')).toEqual({
      id: '820982911946154508',
      list: ['-9007199254740993'],
    });
  });

  test('leaves long fractions as the nearest number', () => {
    expect(parseJson('[0.1234567890123456789, 9007199254740991]')).toEqual([
      0.12345678901234568, 9007199254740991,
    ]);
  });

  test('keeps a number that no double can hold as it is written', () => {
    expect(parseJson('[1e400, -1E+400]')).toEqual(['1e400', '-1E+400']);
  });

  test('is JSON.parse for everything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(text));

        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});
