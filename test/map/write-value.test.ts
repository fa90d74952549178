import { describe, expect, test } from '@jest/globals';
import { writeValue } from '../../lambdas/map/write-value.ts';

describe('a value', () => {
  test.each([
    ['text', 'text'],
    ['', ''],
    [' spaced ', ' spaced '],
    [0, '0'],
    [-12.5, '-12.5'],
    [9007199254740991, '9007199254740991'],
    [1e21, '1000000000000000000000'],
    [1e-7, '0.0000001'],
    [1e-30, '0'],
    [true, 'true'],
    [false, 'false'],
    ['nullable', 'nullable'],
  ])('%j is written as %j', (value, text) => {
    expect(writeValue(value)).toEqual({ ok: true, value: text });
  });

  test.each([null, undefined, 'null', 'NULL', 'Null', ' null '])('%j is left out', (value) => {
    expect(writeValue(value)).toEqual({ ok: true, value: undefined });
  });

  test.each([
    [{}, 'object'],
    [[], 'array'],
    [() => 1, 'function'],
  ])('%p is refused as %s', (value, type) => {
    expect(writeValue(value)).toEqual({ ok: false, failure: { type } });
  });
});
