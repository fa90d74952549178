import { describe, expect, test } from '@jest/globals';
import { follow, formatSelector, select } from '../../../lambdas/ingest/identity.ts';
import { selectorSchema } from '../../../lambdas/ingest/source.ts';

describe('a JSON pointer', () => {
  const body = {
    a: { b: [{ c: 1 }, { c: 2 }, 3, { d: 4 }], '*': 'star', '': 'empty' },
    'm/n': 'slash',
    'o~p': 'tilde',
    '~1': 'escaped',
    list: ['x', ['y'], null],
    long: Array.from({ length: 12 }, (_, index) => index),
  };

  test.each([
    ['/a/b/0/c', [1]],
    ['/a/b/*/c', [1, 2]],
    ['/a/b/2', [3]],
    ['/a/b/4', []],
    ['/long/11', [11]],
    ['/long/12', []],
    ['/a/b/00', []],
    ['/a/b/01', []],
    ['/a/b/10', []],
    ['/a/b/1a', []],
    ['/a/b/a1', []],
    ['/a/b/-1', []],
    ['/a/b/length', []],
    ['/a/*', ['star']],
    ['/m~1n', ['slash']],
    ['/o~0p', ['tilde']],
    ['/~01', ['escaped']],
    ['/list/*', ['x', ['y'], null]],
    ['/list/2/a', []],
    ['/list/0/length', []],
    ['/none', []],
    ['/constructor', []],
    ['/a/toString', []],
  ])('%s leads to %j', (pointer, values) => {
    expect(follow(body, pointer)).toStrictEqual(values);
  });

  test.each([undefined, null, 5, 'text', true])('leads nowhere in %j', (value) => {
    expect(follow(value, '/a')).toEqual([]);
  });

  test.each(['', 'a', '/', '//', '/a/', '/~', '/~2', 'x/a', '/a~'])('may not be %j', (pointer) => {
    const parsed = selectorSchema.safeParse({ body: pointer });

    expect(parsed.error?.issues.map(({ message }) => message)).toEqual([
      'expected a JSON pointer: "/data/id" ("*" for every item of a list)',
    ]);
  });

  test.each(['/a', '/a/b', '/~0', '/~1', '/*', '/a b', '/é/0'])('may be %j', (pointer) => {
    expect(selectorSchema.safeParse({ body: pointer })).toMatchObject({ success: true });
    expect(selectorSchema.safeParse({ body: [pointer] })).toMatchObject({ success: true });
  });

  test.each([{}, { body: [] }, { header: '' }, { header: 'a b' }, { header: 'a', body: '/a' }, 5])(
    'or a header is what a selector is, and not %j',
    (selector) => {
      expect(selectorSchema.safeParse(selector).success).toBe(false);
    },
  );

  test.each([{}, 5, { header: 'a', body: '/a' }])('is what is expected where %j stands', (selector) => {
    expect(selectorSchema.safeParse(selector).error?.issues[0]?.message).toBe(
      'expected {header: NAME} or {body: "/json/pointer"}',
    );
  });
});

describe('a selector', () => {
  const webhook = {
    headers: new Map([
      ['x-topic', ' orders/create '],
      ['x-empty', '  '],
    ]),
    rawBody: Buffer.from(''),
    body: { text: 'a', empty: '', number: 0, yes: true, no: false, nothing: null, list: ['b'], object: {} },
  };

  test.each([
    [{ header: 'x-topic' }, ['orders/create']],
    [{ header: 'x-empty' }, []],
    [{ header: 'x-none' }, []],
    [{ body: '/text' }, ['a']],
    [{ body: '/empty' }, []],
    [{ body: '/number' }, ['0']],
    [{ body: '/yes' }, ['true']],
    [{ body: '/no' }, ['false']],
    [{ body: '/nothing' }, []],
    [{ body: '/list' }, []],
    [{ body: '/object' }, []],
    [{ body: ['/none', '/empty', '/text', '/number'] }, ['a']],
    [{ body: ['/none'] }, []],
  ])('%j finds %j', (selector, values) => {
    expect(select(selector, webhook)).toEqual(values);
  });

  test.each([
    [{ header: 'x-topic' }, 'the header x-topic'],
    [{ body: '/type' }, "the body's /type"],
    [{ body: ['/event/type', '/type'] }, "the body's /event/type or /type"],
  ])('%j is described as %s', (selector, text) => {
    expect(formatSelector(selector)).toBe(text);
  });
});
