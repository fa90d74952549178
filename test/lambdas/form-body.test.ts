import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasMoreFields, readField, readFields, readForm } from '../../lambdas/form-body.ts';
import { parseJson, type Result } from '../../lambdas/result.ts';

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

  test.each([
    ['%00', '\u0000'],
    ['%0A', '\n'],
    ['%0a', '\n'],
    ['%7f', '\u007f'],
    ['%4@', '%4@'],
    ['%4`', '%4`'],
    ['%@1', '%@1'],
    ['%4g', '%4g'],
    ['%4:', '%4:'],
    ['%4/', '%4/'],
    ['%4', '%4'],
  ])('has %j stand for %j', (written, read) => {
    expect([...readFields(Buffer.from(`a=${written}`))]).toEqual([['a', [read]]]);
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

type JsonFailure = { readonly code: 'body-not-json' | 'body-too-deep' };

/** Reads JSON; a text that says so is too deep. */
function readJson(text: string): Result<unknown, JsonFailure> {
  if (text.includes('too deep')) return { ok: false, failure: { code: 'body-too-deep' } };
  const value = parseJson(text);
  return value === undefined ? { ok: false, failure: { code: 'body-not-json' } } : { ok: true, value };
}

describe('a form as a webhook', () => {
  const read = (form: string, options: Parameters<typeof readForm>[2] = {}) =>
    readForm(Buffer.from(form), 'form', options, readJson);

  test('has a text for each field, and a list where one is repeated', () => {
    expect(read('a=1&b=[1]&c=x&c=y&d')).toEqual({
      ok: true,
      value: { a: '1', b: '[1]', c: ['x', 'y'], d: '' },
    });
  });

  test('has what the fields hold that are named, where that is an object or a list', () => {
    const json = ['a', 'b', 'c', 'd'];

    expect(read('a=[1]&b=+{"x":2}&c=3&d=[', { json })).toEqual({
      ok: true,
      value: { a: [1], b: { x: 2 }, c: '3', d: '[' },
    });
    expect(read('a=["too deep"]', { json })).toEqual({ ok: false, failure: { code: 'body-too-deep' } });
  });

  test('is what the field holds that holds the whole of it, where it is there', () => {
    expect(read('payload={"a":1}&b=2', { whole: 'payload' })).toEqual({ ok: true, value: { a: 1 } });
    expect(read('payload=x', { whole: 'payload' })).toEqual({
      ok: false,
      failure: { code: 'body-not-json' },
    });
    expect(read('b=2', { whole: 'payload' })).toEqual({ ok: true, value: { b: '2' } });
  });

  test('is none where it is not in UTF-8', () => {
    expect(read('a=%ff')).toBeUndefined();
    expect(read('payload=%ff', { whole: 'payload' })).toBeUndefined();
    expect(readField(Buffer.from('a=%ff'), 'form', 'a')).toBeUndefined();
    expect(readField(Buffer.from('a=1'), 'form', 'b')).toBeUndefined();
    expect(readField(Buffer.from('a=%31'), 'form', 'a')).toEqual(Buffer.from('1'));
  });
});

describe('a form in parts', () => {
  const part = (name: string, value: Uint8Array | string, more = '') =>
    Buffer.concat([
      Buffer.from(`--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ]);
  const read = (...parts: Uint8Array[]) =>
    readForm(Buffer.concat([...parts, Buffer.from('--b--\r\n')]), 'multipart', {}, readJson);

  test('has its text fields, and no files', () => {
    const file = part('f', Uint8Array.from([0xff]), '; filename="f"');

    expect(read(part('a', '1'), file, part('c', 'x'), part('c', 'y'))).toEqual({
      ok: true,
      value: { a: '1', c: ['x', 'y'] },
    });
  });

  test.each<[string, Uint8Array[]]>([
    ['a text of it is not in UTF-8', [part('a', Uint8Array.from([0xff]))]],
    ['there is something in front', [Buffer.from('x\r\n'), part('a', '1')]],
    ['it has more than a thousand parts', Array.from({ length: 1_001 }, () => part('a', '1'))],
  ])('is none where %s', (_, parts) => {
    expect(read(...parts)).toBeUndefined();
  });
});
