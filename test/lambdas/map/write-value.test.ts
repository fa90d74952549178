import { describe, expect, test } from '@jest/globals';
import { writeValue } from '../../../lambdas/map/event.ts';

describe('a value', () => {
  test.each([
    ['text', 'text'],
    ['', ''],
    [' spaced ', ' spaced '],
    [0, '0'],
    [-12.5, '-12.5'],
    [0.1, '0.1'],
    [9007199254740991, '9007199254740991'],
    [1e21, '1000000000000000000000'],
    [1e-7, '0.0000001'],
    [1e-30, '0'],
    [true, 'true'],
    [false, 'false'],
    ['nullable', 'nullable'],
    ['not null', 'not null'],
  ])('%j is written as %j', (value, text) => {
    expect(writeValue(value)).toEqual({ kind: 'text', text });
  });

  test.each([
    [undefined, 'missing', 'missing'],
    [null, 'null', 'null'],
    ['null', 'null', 'text "null"'],
    ['NULL', 'null', 'text "null"'],
    [' Null\n', 'null', 'text "null"'],
    ['\u00a0null', 'null', 'text "null"'],
    ['\u3000NULL\u3000', 'null', 'text "null"'],
    [{}, 'not-text', 'object'],
    [[], 'not-text', 'array'],
    [() => 1, 'not-text', 'function'],
    [{ _jsonata_lambda: true, apply: () => 1 }, 'not-text', 'function'],
    [{ _jsonata_function: true, implementation: () => 1 }, 'not-text', 'function'],
    [{ _jsonata_function: true }, 'not-text', 'object'],
  ])('%p is no text: %s', (value, kind, type) => {
    expect(writeValue(value)).toEqual({ kind, type });
  });

  test('that was cut in the middle of an emoji is mended, as half of one is no UTF-8', () => {
    expect(writeValue('a\ud83d')).toEqual({ kind: 'text', text: 'a\ufffd' });
  });
});
