import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileExpression } from '../../lambdas/map/compile-expression.ts';
import type { Scope } from '../../lambdas/map/expression.ts';
import { byEngine, byJsonata, isDecided } from './by-jsonata.ts';
import { expression, path } from './expression-texts.ts';
import { tokens } from './expression-tokens.ts';
import { json, namedJson, webhookBody } from './json-values.ts';

const SCOPE = { headers: { a: 'x', b: '5' }, source: 'shop', receivedAt: '2026-11-24T12:00:00.000Z' };

/** More by hand: `RUNS=1000000 npm test -- test/map/compile-expression.test.ts`. */
const RUNS = Number(process.env.RUNS ?? 4_000);

describe('an expression of a mapping', () => {
  test('gives what JSONata gives, value or error, and mostly without asking it', async () => {
    let decided = 0;
    await fc.assert(
      fc.asyncProperty(expression, webhookBody, json, async (text, body, item) => {
        const source = text.trim();
        const scope = { ...SCOPE, body, item };
        if (isDecided(source, scope)) decided += 1;

        expect(await byEngine(source, scope)).toEqual(await byJsonata(source, scope));
      }),
      { numRuns: RUNS },
    );
    expect(decided).toBeGreaterThan(RUNS * 0.4);
  });

  test('is read as JSONata reads it, whatever it is made of', async () => {
    const scope = { ...SCOPE, body: { a: { b: 2, a: 'q' }, b: [1], x: 'x' }, item: { a: 1 } };
    await fc.assert(
      fc.asyncProperty(tokens, async (source) => {
        if (isDecided(source, scope)) {
          expect(await byEngine(source, scope)).toEqual(await byJsonata(source, scope));
        }
      }),
      { numRuns: RUNS * 20 },
    );
  });
});

describe('a rule that random expressions seldom meet:', () => {
  const scope = {
    ...SCOPE,
    item: { a: 1, list: ['x'] },
    body: {
      a: 'abc',
      n: 7,
      zero: 0,
      list: [1, 2, 3],
      deep: { a: 'inner', n: 2 },
      lists: [[1], [2]],
      none: null,
    },
  };

  test.each([
    [
      'an item of a list, of its end, of what is no list',
      ['list[0]', 'list[-1]', 'list[9]', 'a[0]', 'a[-1]', 'a[1]', 'none[0]'],
    ],
    [
      'a step that is no name',
      ['deep.(n + 1)', 'deep.$string(n)', 'deep.$.a', 'deep.(a & n)', '(deep).n', '$$.deep.a'],
    ],
    [
      'a part of a text',
      ['$substring(a, -5, 3)', '$substring(a, -2)', '$substring(a, 1, 0)', '$substring(a, -2, 1)'],
    ],
    ['the context of a function is where it was defined', ['($f := function($x){ a & $x }; deep.($f(n)))']],
    [
      'a function with fewer or more arguments',
      ['($f := function($x, $y){ [$x, $y] }; 1)', '($f := function($x){ $x }; $f())'],
    ],
    [
      'a function that uses one above it',
      ['($f := function($x){ $x * 2 }; $g := function($x){ $f($x) + 1 }; $g($g(n)))'],
    ],
    ['a variable', ['($v := deep.n; $v + $v)', '($v := n; deep.($v + n))', '($v := n; ($w := $v; $w) + $v)']],
    [
      'how strongly operators bind',
      [
        'n - 1 - 1',
        '2 + n * 2',
        '-n + 2',
        '-deep.n',
        'zero ?: n = 7',
        'n = 7 ?: a',
        'zero or n and zero',
        'zero or zero ?: a',
        'zero and missing ?? n',
      ],
    ],
    [
      'what binds last',
      [
        'n > 5 ? a : a & "x"',
        'zero ?? n + 1',
        'missing ?? zero ?? n',
        'n in [1, 7] and a = "abc"',
        '1 + (n > 1 ? 2 : 3)',
      ],
    ],
    [
      'what is missing',
      ['missing + 1', 'missing & a', 'missing > 1', 'missing = missing', 'not_there in [1]', '$not(missing)'],
    ],
    [
      'nothing',
      ['()', '(a;)', '$count([])', '$sum([])', '$sum([missing])', '$count(missing)', 'none.a', 'none = null'],
    ],
    [
      'lists that are only looked at',
      [
        'n in list',
        '2 in list',
        '$count(list)',
        '$sum(list)',
        '$exists(list)',
        '$type(list)',
        '$item.list[0]',
      ],
    ],
  ])('%s', async (_, sources) => {
    for (const source of sources) {
      expect({ source, ...asObject(await byEngine(source, scope)) }).toEqual({
        source,
        ...asObject(await byJsonata(source, scope)),
      });
    }
    expect(sources.filter((source) => !isDecided(source, scope) && !source.includes('[$x'))).toEqual([]);
  });

  test.each([
    [
      'list.("x")',
      'list.$string(1)',
      'lists[0]',
      'list & ""',
      'list = list',
      'list ? 1',
      '$not(list)',
      '-list',
      'list + 1',
      'lists.a',
    ],
    [
      'deep = deep',
      '$string(deep)',
      'deep & ""',
      '$uppercase(n)',
      '1 / 0',
      '0 / 0',
      'n < a',
      'none < 1',
      '$formatNumber(n, a)',
    ],
  ])('JSONata is asked what comes of %s', async (...sources) => {
    for (const source of sources) {
      expect({ source, ...asObject(await byEngine(source, scope)) }).toEqual({
        source,
        ...asObject(await byJsonata(source, scope)),
      });
      expect({ source, decided: isDecided(source, scope) }).toEqual({ source, decided: false });
    }
  });

  test.each(['("x").a', '$', '$.a', 'a', '(a)', '(1).($)', '("x").("y")', '$string($)'])(
    'a body that is a list: %s',
    async (source) => {
      const list = { ...SCOPE, item: undefined, body: [{ a: 1 }, { a: 2 }] };

      expect(await byEngine(source, list)).toEqual(await byJsonata(source, list));
    },
  );
});

function asObject(value: unknown): object {
  return value as object;
}

describe('a path', () => {
  test('is followed without JSONata unless a list stands in it, with the same result', async () => {
    await fc.assert(
      fc.asyncProperty(path, namedJson, namedJson, async (source, body, item) => {
        const scope = { ...SCOPE, body, item };

        expect(await byEngine(source, scope)).toEqual(await byJsonata(source, scope));
        expect(isDecided(source, scope) || meetsList(source, scope)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

function meetsList(source: string, { body, item, headers }: Scope): boolean {
  const [first = '', ...rest] = source.split('.').map((name) => name.replaceAll('`', ''));
  const starts: Readonly<Record<string, unknown>> = { $item: item, $headers: headers };
  const names = Object.hasOwn(starts, first) ? rest : [first, ...rest];
  let value: unknown = Object.hasOwn(starts, first) ? starts[first] : body;
  return names.some((name) => {
    const isList = Array.isArray(value);
    value = (value as Record<string, unknown> | undefined)?.[name];
    return isList;
  });
}

describe('what is left to JSONata:', () => {
  test.each([
    [
      'lists that are looked through',
      ['a[b = 1]', '$[0]^(a)', '$join(a, b)', '$map(a, $f)', 'a.*', 'a.**', 'a[]'],
    ],
    ['what is not the same twice, or names nobody', ['$now()', '$random()', '$nobody', '$nobody(1)']],
    ['the context as an argument', ['$uppercase()', 'a.$substring(1)']],
    ['regular expressions, comments, escapes', ['$contains(a, /b/)', 'a /* b */', '"\\n"']],
    [
      'objects and functions as values',
      ['{"a": 1}', 'function($x){ $x }', '($f := function(){ 1 })', 'a ~> $f'],
    ],
    [
      'a name with two meanings',
      ['($v := 1; $v := 2)', '($string := 1)', '($item := 1)', '(a ? ($v := 1); $v)'],
    ],
    ['a function that calls itself', ['($f := function($n){ $f($n) }; $f(1))', '($f := $f; 1)']],
    [
      'what is no JSONata',
      ['', 'a.', '5a', "a'b'", 'a b', '(a', '$f(', '1..', "'x", '`', 'a ? : b', 'function(a){1}'],
    ],
    ['what is no end of an expression', ['a ', 'a)', '1 1', 'true false']],
  ])('%s', (_, sources) => {
    expect(sources.filter((source) => compileExpression(source) !== undefined)).toEqual([]);
  });

  test.each([
    ['depth', `${'('.repeat(95)}a${')'.repeat(95)}`],
    ['length', Array.from({ length: 600 }, () => 'a').join(' & ')],
    [
      'functions that call each other twice',
      `(${Array.from({ length: 30 }, (__, at) => `$f${at + 1} := function($x){ ${at === 0 ? '$x' : `$f${at}($f${at}($x))`} }`).join('; ')}; $f30(1))`,
    ],
  ])('too much of it: %s', (_, source) => {
    expect(compileExpression(source)).toBeUndefined();
  });

  test('a failure is told by the code that it has in JSONata', async () => {
    const scope = { ...SCOPE, body: { text: 'x', list: [1, 'x'], deep: { a: 1 } } };
    for (const source of [
      'text + 1',
      '$uppercase(5)',
      '$number("x")',
      '$sum(list)',
      'deep > 1',
      '1 < "x"',
      '-text',
    ]) {
      expect(isDecided(source, scope)).toBe(false);
      expect(await byEngine(source, scope)).toEqual(await byJsonata(source, scope));
      expect(await byEngine(source, scope)).toMatchObject({ ok: false });
    }
  });
});
