import { describe, expect, test } from '@jest/globals';
import { compileExpression } from '../../lambdas/map/compile-expression.ts';
import type { Scope } from '../../lambdas/map/expression.ts';
import { expected, seen } from './by-jsonata.ts';

const SCOPE: Scope = {
  headers: {},
  source: 'shop',
  receivedAt: '2026-11-24T12:00:00.000Z',
  item: { a: 'of the item' },
  body: {
    a: 'abc',
    n: 7,
    zero: 0,
    none: null,
    a_1: 'word',
    true: 'not this',
    'odd name': { 'another one': 5 },
    and: 'a member',
    list: [1, 2, 3],
    deep: { a: 'inner', n: 2, deep: { n: 3 } },
  },
};

/** Many names, as a path has them. */
const LONG_PATH = Array.from({ length: 95 }, () => 'deep').join('.');

describe('an expression is read as JSONata reads it, and not left to it:', () => {
  test.each([
    ['white space', ['n\t+\n1', 'n \r+ \v 1', 'n\v+\v1', ' n', 'n+1', '\n\n n']],
    ['numbers', ['0', '10', '120', '0.5', '1.25', '1e5', '1E+15', '1e-15', '12.5e2', '-3', '- 3', '0.0']],
    ['texts', ["''", '""', "'x'", '"xy z"', `'say "so"'`, `"it's"`, "'é😀'"]],
    ['names', ['a', 'a_1', '`odd name`', '`odd name`.`another one`', '`a`', 'missing', '`and`']],
    [
      'variables',
      ['$', '$$', '$.a', '$$.deep.n', '$item', '$item.a', '$source', '$receivedAt', '$headers.x'],
    ],
    ['constants', ['true', 'false', 'null', 'none = null', '(n = 7) = true', '`true`']],
    ['a variable of its own', ['($v_1 := n; $v_1)', '($v := n)', '($V:=n;$V+$V)', '($v := a = "abc"; $v)']],
    ['a negative', ['-n', '-deep.n', '--n', '-(n)', '-missing', 'list[-1]', 'list[-3]', '2 - -n']],
    ['a block', ['()', '(n)', '(n;)', '(n; a)', '((n))', '(n;a;)', '(missing; n)']],
    ['a list', ['n in []', 'n in [7]', 'n in [ 1 , 7 ]', '$count([1, -1])', '$sum([1, 2, 3])']],
    [
      'items',
      ['list[0]', 'list[ 2 ]', 'list[3]', 'list[-4]', 'deep.n[0]', '(list)[1]', '$$.list[1]', '$item.a[0]'],
    ],
    ['a path', ['deep.deep.n', 'deep.(n)', '(deep).deep.n', '$.deep.$.n', 'deep.$string(n)', LONG_PATH]],
    ['conditions', ['n > 5 ? a', 'n > 9 ? a', 'n ? a : n', 'zero ? a : n', 'zero ? 1 : n ? 2 : 3', 'n?a:n']],
    [
      'defaults',
      ['zero ?: a', 'n ?: a', 'missing ?: a', 'zero ?? a', 'missing ?? a', 'none ?? a', 'missing ?? zero'],
    ],
    [
      'operators of a letter',
      ['n + 1', 'n - 1', 'n * 2', 'n / 2', 'n % 4', 'n & a', 'n = 7', 'n < 8', 'n > 8'],
    ],
    [
      'longer operators',
      ['n != 7', 'n <= 7', 'n >= 8', 'n and a', 'zero or a', 'n in list', 'n in 7', 'n and(a)'],
    ],
    [
      'operators in a row',
      ['1 + 2 * 3 - 4', '1 & 2 & 3', '2 * 3 + 4', 'n = 7 and a = "x" or zero', 'n - 1 - 1'],
    ],
    [
      'a function',
      [
        '($f := function(){ n }; $f())',
        '($f := function($x){ $x + n }; $f(1))',
        '($f:=function($x,$y){$x&$y};$f(1,2))',
      ],
    ],
    [
      'a function in parentheses',
      ['($f := (function($x){ $x }); $f(n))', '($f := ((function(){ 1 })); $f())'],
    ],
    [
      'a parameter twice',
      ['($f := function($x, $x){ $x }; $f(1, 2))', '($f := function($x, $x){ $x }; $f(1))'],
    ],
  ])('%s', async (_, sources) => {
    for (const source of sources) {
      expect(await seen(source, SCOPE)).toEqual(await expected(source, SCOPE, true));
    }
  });
});

describe('what is left to JSONata as a whole:', () => {
  test.each([
    [
      'what is no operator',
      ["n '+' 1", 'n "." a', 'n `in` list', 'n in"x"', 'n and"x"', 'n and`a`', 'n xor a'],
    ],
    [
      'words without white space',
      ['5a', '1e', 'a$b', "a'b'", 'aé', '$vé', 'n iné', '$item"x"', 'and', 'or', 'in'],
    ],
    ['a number that is none', ['01', '1.', '.5', '1e999', '-1e999', '1e400 > 1']],
    ['texts with escapes, or open', ['"a\\n"', "'a\\\\'", '"a', "'a", '`a', '``', "'\\u0041'"]],
    [
      'a comma too many or none',
      [
        '$sum([1,])',
        '$string(1,)',
        '$sum([1 2])',
        '$string(1;)',
        '$sum([1; 2])',
        'n in [,]',
        'n in +7]',
        'n in {7]',
      ],
    ],
    [
      'what is not closed',
      ['(n', '(n;', '[1', '$string(n', 'list[0', 'list[0)', '($f := function($x){ $x; 1)'],
    ],
    ['what is closed twice', ['n)', '(n))', 'list[0]]', '$string(n))', 'n }', 'n;', 'n,']],
    [
      'a step of another kind',
      ['"deep".a', 'deep."a"', '1.a', 'deep.[1]', '[1].a', '(n + 1).(-n).-n', 'deep.function($x){1}'],
    ],
    [
      'an item by another kind',
      ['list[1.5]', 'list["a"]', 'list[n]', 'list[true]', 'list[null]', '"x"[0]', '[1, 2][0]', 'list[]'],
    ],
    [
      'an item of what is no step',
      ['"x"[-1]', '5[0]', 'true[0]', '[1][0]', '(-n)[0] ~> $string', 'list[$v := 1]'],
    ],
    [
      'a call of what is no function',
      [
        'a(1)',
        'deep.a(1)',
        'function(1){ 1 }',
        'function(a){ 1 }',
        '($f := a($x){ $x }; $f(1))',
        '($f := $function(1)($x){ $x }; $f(1))',
        '"x"(1)',
        '$$(1)',
        '(n)(1)',
      ],
    ],
    [
      'a function that is no more than a value',
      ['function(){ 1 }', '(function($x){ $x })', '($f := function(){ 1 })'],
    ],
    [
      'a function as an argument',
      [
        '($f := function(){ 1 }; $exists($f))',
        '($f := function($x){ $x }; $type($f))',
        '$string(function(){1})',
      ],
    ],
    [
      'a function that is not alone',
      ['($g := (function($x){ 1 }; 2); $g(1))', '($g := (1; function($x){ 3 }); $g(1))'],
    ],
    [
      'a function without a body',
      [
        'function()',
        '($f := function($x); 1)',
        '($f := function($x) $x; 1)',
        '($f := function($x, 1){ 1 }; $f(1, 2))',
      ],
    ],
    ['a value that is called', ['($v := 1; $v(1))', '($f := function($x){ $x(1) }; $f(n))']],
    [
      'a name of another meaning',
      [
        '($item := 1; $item)',
        '($uppercase := 1; $uppercase)',
        '($ := 1; $)',
        '($$ := 1; $$)',
        '($v := 1; $v := 2; $v)',
      ],
    ],
    [
      'a definition elsewhere',
      [
        'n := 1',
        '(v := 1; $v)',
        '$v := 1',
        '1 + ($v := 1) + $v',
        '($v := $w := 1; $v + $w)',
        '"v" := 1',
        '$f(1) := 2',
      ],
    ],
    [
      'a half of an expression',
      ['n +', 'n ?', 'n ? a :', 'n ?:', 'n ??', '-', '.', 'n.', '($v :=)', '* n', '= 7'],
    ],
    [
      'what looks through lists',
      [
        'list[n > 1]',
        'list.*',
        'deep.**',
        'list^($)',
        '[1..3]',
        'list ~> $sum',
        '{"a": n}',
        'list#$i',
        'list@$v',
      ],
    ],
    ['a list of values', ['n in [n, 1]', 'n in [zero, a]', '$sum([n, n])', '[1]', '[n]', '(n; [1])']],
  ])('%s', (_, sources) => {
    expect(sources.filter((source) => compileExpression(source) !== undefined)).toEqual([]);
  });

  test('what has very many parts', () => {
    expect(compileExpression(`$sum([${Array.from({ length: 490 }, () => '1').join(',')}])`)).toBeDefined();
    expect(compileExpression(`$sum([${Array.from({ length: 600 }, () => '1').join(',')}])`)).toBeUndefined();
  });
});
