import { describe, expect, test } from '@jest/globals';
import type { Scope } from '../../lambdas/map/expression.ts';
import { expected, seen } from './by-jsonata.ts';

/** Members as they come from JSON: some have the names of what each object inherits. */
const ODD: unknown = JSON.parse('{"__proto__": {"x": 1}, "constructor": "c", "toString": 5}');

const SCOPE: Scope = {
  headers: { a: 'x' },
  source: 'shop',
  receivedAt: '2026-11-24T12:00:00.000Z',
  item: { a: 'of the item' },
  body: {
    a: 'abc',
    n: 7,
    zero: 0,
    none: null,
    yes: true,
    deep: { a: 'inner', n: 2, list: [1, 2], none: null },
    odd: ODD,
    list: [1, 2, 3],
    lists: [[1], [2]],
    one: [{ a: 1 }],
    items: [{ a: 1 }, { a: 2 }],
  },
};

describe('values are taken as JSONata takes them, without asking it:', () => {
  test.each([
    ['sums', ['n + 2', 'n - 2', 'n * 2', 'n / 2', 'n % 4', '0.1 + 0.2', 'n + zero', '-n % 4']],
    [
      'sums of what is missing',
      ['missing + 1', '1 + missing', 'missing + missing', 'missing * n', 'n / missing'],
    ],
    [
      'comparisons of numbers',
      ['<', '<=', '>', '>='].flatMap((than) => [`n ${than} 6`, `n ${than} 7`, `n ${than} 8`]),
    ],
    [
      'comparisons of texts',
      ['<', '<=', '>', '>='].flatMap((than) => [`a ${than} "abb"`, `a ${than} "abc"`, `a ${than} "abd"`]),
    ],
    [
      'comparisons of what is missing',
      ['missing < 1', '1 < missing', 'missing > "a"', '"a" > missing', 'missing <= missing', 'a > missing'],
    ],
    [
      'equality',
      ['n', '"abc"', 'yes', 'none', 'missing', '"7"', 'deep'].flatMap((value) => [
        ...[`n = ${value}`, `n != ${value}`, `a = ${value}`, `${value} = a`, `${value} != n`],
      ]),
    ],
    [
      'equality of null',
      ['none = null', 'none != null', 'none = deep', 'deep != none', 'none = list', 'none = missing'],
    ],
    [
      'equality of a list and a value',
      ['list = 1', '1 = list', 'list != 1', 'deep = 1', '1 != deep', 'list = none'],
    ],
    [
      'equality of what is missing',
      ['missing = missing', 'missing != missing', 'missing = none', 'missing = false'],
    ],
    [
      'texts joined',
      [
        'a & n',
        'n & a',
        'missing & a',
        'a & missing',
        'missing & missing',
        'none & yes',
        'a & 0.1 & (0.1 + 0.2)',
      ],
    ],
    [
      'membership',
      [
        '2 in list',
        '4 in list',
        '"2" in list',
        'n in 7',
        'n in 8',
        'missing in list',
        'n in missing',
        'a in a',
      ],
    ],
    [
      'membership of what is missing',
      ['missing in missing', 'missing in [missing]', 'n in [missing]', 'none in [null]'],
    ],
    [
      'logic',
      ['n', 'zero', 'missing', 'deep'].flatMap((left) =>
        ['a', '""', 'nothing'].flatMap((right) => [`${left} and ${right}`, `${left} or ${right}`]),
      ),
    ],
    ['logic that the left side decides', ['zero and list', 'n or list', 'missing and -a', 'yes or -a']],
    [
      'a condition that is missing',
      ['missing ? a', 'missing ? a : n', 'none ? a : n', 'deep ? a : n', 'a ? missing : n'],
    ],
    ['a branch that is not taken', ['n ? a : -a', 'zero ? -a : n', 'zero ? -a']],
    ['a negative', ['-n', '-missing', '-deep.n', '-(-n)']],
    [
      'a default',
      ['none ?? a', 'missing ?? a', 'list ?? a', 'deep.n ?: a', 'zero ?: a', 'a ?: -a', 'n ?? -a'],
    ],
  ])('%s', async (_, sources) => {
    for (const source of sources) {
      expect(await seen(source, SCOPE)).toEqual(await expected(source, SCOPE, true));
    }
  });

  test.each([
    [
      'members of what has none',
      ['a.a', 'n.a', 'none.a', 'missing.a', 'yes.a.b', 'a.length', 'deep.missing.a'],
    ],
    [
      'members with names of what is inherited',
      ['odd.constructor', 'odd.toString', 'odd.`__proto__`.x', 'odd.valueOf'],
    ],
    [
      'what is inherited',
      ['deep.constructor', 'deep.`__proto__`', 'deep.toString.name', 'deep.`__proto__`.constructor'],
    ],
    [
      'a list at the end',
      ['list', 'deep.list', '$count(deep.list)', 'deep.(list)', '(deep).list', '$$.list'],
    ],
    [
      'items',
      ['list[0]', 'list[-1]', 'list[2]', 'list[3]', 'list[-3]', 'list[-4]', 'one[0].a', 'items[-1].a'],
    ],
    [
      'items of what is no list',
      ['a[0]', 'a[-1]', 'a[1]', 'a[-2]', 'none[0]', 'missing[0]', 'deep[0].a', 'deep[1].a'],
    ],
    [
      'steps after what is missing',
      ['missing.("x")', 'missing.$string(1)', 'deep.missing.(1)', '(missing).("x").a'],
    ],
    [
      'steps from a value',
      ['a.("x")', 'n.($ + 1)', 'deep.(n + 1)', 'deep.$.a', 'deep.($$.n)', 'none.("x")', 'deep.$item.a'],
    ],
    [
      'bindings',
      ['$', '$$.a', '$item.a', '$headers.a', '$source', '$receivedAt', '$item.missing', 'deep.$source'],
    ],
    ['one after the other', ['(n; a)', '(missing; a)', '(a; missing)', '($v := n; $w := $v + 1; $v & $w)']],
    [
      'a variable in a block within',
      ['($v := n; ($w := $v; $w) + $v)', '($v := n; deep.($v + n))', '($v := (); $v)'],
    ],
    [
      'a variable of a list',
      ['($v := list; $count($v))', '($v := list; $v[1])', '($v := deep; $v.list)', '($v := none; $v)'],
    ],
    [
      'a function where it was defined',
      ['($f := function($x){ a & $x }; deep.($f(n)))', 'deep.($f := function(){ a }; $f())'],
    ],
    [
      'a function with fewer or more arguments',
      [
        '($f := function($x){ $x }; $f())',
        '($f := function($x){ $x }; $f(1, 2))',
        '($f := function($x, $y){ $x }; $f(n))',
      ],
    ],
    [
      'a function that calls another',
      [
        '($f := function($x){ $x * 2 }; $g := function($x){ $f($x) + 1 }; $g($g(n)))',
        '($f := function($x){ $x & "!" }; $f($f($f(a))))',
      ],
    ],
    [
      'a parameter with the name of a variable, or of what is bound',
      [
        '($v := 1; $f := function($v){ $v }; $f(2) + $v)',
        '($f := function($item){ $item }; $f(n))',
        '($f := function($string){ $string }; $f(n))',
      ],
    ],
    [
      'a list as an argument',
      ['($f := function($x){ $count($x) }; $f(list))', '($f := function($x){ $x[0] }; $f(list))'],
    ],
  ])('%s', async (_, sources) => {
    for (const source of sources) {
      expect(await seen(source, SCOPE)).toEqual(await expected(source, SCOPE, true));
    }
  });
});

describe('JSONata is asked for what comes of', () => {
  test.each([
    [
      'sums of what is no number',
      ['a + 1', '1 + a', 'missing + a', 'a * missing', 'none + 1', 'list + 1', 'yes + 1'],
    ],
    ['sums without end', ['1e308 * 10', 'n / 0', 'zero / zero', 'n % 0', '-1e308 - 1e308']],
    [
      'comparisons of other types',
      ['a < 1', '1 < a', 'missing < none', 'yes > no', 'list < 1', 'deep > missing', 'yes >= yes'],
    ],
    [
      'objects that are compared',
      ['deep = deep', 'list = list', 'deep != odd', 'deep = list', 'lists[0] = 1'],
    ],
    [
      'objects and lists as texts',
      ['deep & ""', '"" & list', 'a & deep', 'missing & list', 'list & missing'],
    ],
    ['a negative of what is no number', ['-"5"', '-true', '-null', '-a', '-list', '-(deep)', '-none']],
    [
      'a list as a truth',
      ['list ? 1 : 2', 'list and yes', 'yes and list', 'zero or list', 'list ?: a', '$not(list)'],
    ],
    [
      'a list in a path',
      ['items.a', 'items.a.b', '(items).a', 'items.("x")', 'items.a.("x")', '(items.a).("x")', 'list.length'],
    ],
    [
      'an item in a path with a list',
      ['(items.a)[0]', '(items.a)[5]', '(items.a)[1]', 'items.a[0]', 'lists[0]', 'lists[-1]'],
    ],
    [
      'a list that becomes one value',
      ['one.a = 1', '1 = one.a', 'one.a != 1', 'one.a + 1', '1 + one.a', '-one.a', 'one.a & "x"'],
    ],
    [
      'a list of one in a condition',
      ['one.a ? "x" : "y"', 'one.a and yes', 'yes and one.a', 'zero or one.a', '$not(one.a)'],
    ],
    [
      'a list of one in a call',
      ['$string(one.a)', '$exists(one.b)', '$type(one.a)', '$count(one.a)', '$substring(a, one.a)'],
    ],
    [
      'a list of one within a list',
      ['1 in [one.a]', 'one.a in [1]', '$sum([one.a])', '$count([one.b])', '1 in one.a'],
    ],
    ['a list within a list', ['1 in [list]', '$count([lists])', '$sum([deep.list])', '$count([list])']],
    [
      'a failure that comes first',
      ['(-a; 1)', '($v := -a; 1)', '($f := function($x){ 1 }; $f(-a))', '($f := function(){ -a }; $f())'],
    ],
    [
      'a failure deep within',
      ['$exists((($v := -a); 1))', '1 in [-a]', 'n = -a', '-a = n', '$string(-a)', 'deep.(-a)', '(-a).("x")'],
    ],
    [
      'a failure in what decides',
      ['-a ? 1 : 2', 'n ? -a', '-a and n', 'n and -a', '-a or n', 'zero or -a', '-a ?? n', '(-a)[0]'],
    ],
  ])('%s', async (_, sources) => {
    for (const source of sources) {
      expect(await seen(source, SCOPE)).toEqual(await expected(source, SCOPE, false));
    }
  });

  test('a body that is a list', async () => {
    const list = { ...SCOPE, body: [{ a: 1 }, { a: 2 }] };
    for (const source of ['$', 'a', '$.a', '(a)', '($; 1) + a', '$string($)', '$count($)', '$exists($)']) {
      expect(await seen(source, list)).toEqual(await expected(source, list, false));
    }
  });
});
