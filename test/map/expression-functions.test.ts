import { describe, expect, test } from '@jest/globals';
import type { Scope } from '../../lambdas/map/expression.ts';
import { expected, seen } from './by-jsonata.ts';

const SCOPE: Scope = {
  headers: {},
  source: 'shop',
  receivedAt: '2026-11-24T12:00:00.000Z',
  body: {
    a: 'abc',
    mixed: 'aB',
    spaced: ' \t a\n\r b  c ',
    hard: '\u00a0a\u00a0',
    smiling: 'é😀x',
    n: 7,
    zero: 0,
    minus: -1.5,
    yes: true,
    no: false,
    none: null,
    empty: '',
    nothing: {},
    deep: { a: 1 },
    list: [1, 2, 3],
    texts: ['x'],
    large: [1e308, 1e308],
  },
};

describe('a function is the one of JSONata, and not left to it:', () => {
  test.each([
    ['letters', ['$uppercase(mixed)', '$lowercase(mixed)', '$length(smiling)', '$length(empty)']],
    ['white space', ['$trim(spaced)', '$trim(hard)', '$trim(" a b ")', '$trim(empty)']],
    ['a part that is there or not', ['$contains(a, "bc")', '$contains(a, "x")', '$contains(a, empty)']],
    [
      'what stands before and after a part',
      [
        ...['$substringBefore("a-b-c", "-")', '$substringBefore(a, "x")', '$substringBefore(a, empty)'],
        ...['$substringAfter("a--b--c", "--")', '$substringAfter(a, "x")', '$substringAfter(a, empty)'],
      ],
    ],
    [
      'a piece from the start',
      [
        '$substring(a, 0)',
        '$substring(a, 1)',
        '$substring(a, 5)',
        '$substring(a, 5, 1)',
        '$substring(a, 0, 2)',
      ],
    ],
    [
      'a piece from the end',
      [
        '$substring(a, -1)',
        '$substring(a, -3, 2)',
        '$substring(a, -5, 3)',
        '$substring(a, -2, 1)',
        '$substring(a, -2, 2)',
        '$substring(a, -1, 5)',
      ],
    ],
    [
      'a piece of nothing',
      ['$substring(a, 0, -1)', '$substring(a, 1, 0)', '$substring(a, -0.5, 0)', '$substring(smiling, 1, 1)'],
    ],
    [
      'a text as a number',
      ['"12"', '"-3.50"', '"1e3"', '"1E-10"', '"2e+10"', '"12.345"', '"0"'].map((text) => `$number(${text})`),
    ],
    ['a value as a number', ['n', 'yes', 'no', 'missing'].map((value) => `$number(${value})`)],
    [
      'a text as a time',
      [
        ...['2026', '2026-11', '2026-11-24', '2026-11-24T12:34:56', '2026-11-24T12:34:56Z', '2026-11Z'],
        ...['2026-11-24T12:34:56.789Z', '2026-11-24T12:34:56.7+01:00', '2026-11-24T12:34:56-0130'],
      ].map((text) => `$toMillis("${text}")`),
    ],
    [
      'the type of a value',
      ['a', 'n', 'yes', 'none', 'deep', 'list', 'missing'].map((value) => `$type(${value})`),
    ],
    [
      'a value as a text',
      [
        'a',
        'n',
        'minus',
        'yes',
        'no',
        'none',
        'missing',
        '0.1 + 0.2',
        '1 / 3',
        '12345678901234567',
        '1e21',
      ].map((value) => `$string(${value})`),
    ],
    [
      'a value as a truth',
      ['a', 'empty', 'n', 'zero', 'yes', 'no', 'none', 'deep', 'nothing', 'missing'].flatMap((value) => [
        `$boolean(${value})`,
        `$not(${value})`,
        `${value} ? "then" : "else"`,
      ]),
    ],
    ['a value that is there or not', ['$exists(none)', '$exists(missing)', '$exists(list)', '$exists(no)']],
    [
      'how many, and how much in all',
      [
        ...['$count(list)', '$count(n)', '$count(none)', '$count(missing)', '$count([])'],
        ...['$sum(list)', '$sum(n)', '$sum(missing)', '$sum([])', '$sum([0.1, 0.2])'],
      ],
    ],
    [
      'a number without its sign or its fraction',
      ['$abs(minus)', '$abs(n)', '$floor(minus)', '$ceil(minus)', '$floor(1.5)', '$ceil(1.5)'],
    ],
    [
      'a number rounded, halves to the even digit',
      [
        ...['2.5', '-2.5', '3.5', '-1.5', '0.5', '-0.5', '2.4', '-2.6', '1e21', '1e-7'].map(
          (of) => `$round(${of})`,
        ),
        ...['$round(1.005, 2)', '$round(2.345, 2)', '$round(1250, -2)', '$round(1e21, 1)', '$round(1e-7, 7)'],
      ],
    ],
    [
      'what is missing',
      ['$uppercase', '$length', '$toMillis', '$abs', '$round'].map((name) => `${name}(missing)`),
    ],
    [
      'what is missing, with more beside it',
      [
        '$contains(missing, a)',
        '$substring(missing, 1)',
        '$formatNumber(missing, "0")',
        '$fromMillis(missing)',
      ],
    ],
    [
      'a number or a time as it is written',
      ['$formatNumber(1234.5, "#,##0.00")', '$fromMillis(0)', '$fromMillis(0, "[D]/[M]/[Y]")'],
    ],
  ])('%s', async (_, sources) => {
    for (const source of sources) {
      expect(await seen(source, SCOPE)).toEqual(await expected(source, SCOPE, true));
    }
  });
});

describe('JSONata is asked where a function is not made for what it is given:', () => {
  test.each([
    [
      'another type',
      ['$uppercase(n)', '$abs(a)', '$length(none)', '$trim(list)', '$round("5")', '$floor(yes)'],
    ],
    [
      'another type beside the first',
      ['$contains(a, n)', '$contains(a, missing)', '$contains(missing, n)', '$substring(a, "1")'],
    ],
    ['more that is missing', ['$substring(a, missing)', '$round(n, missing)', '$fromMillis(0, missing)']],
    [
      'too little or too much',
      [
        '$substring(a)',
        '$contains(a)',
        '$uppercase(a, a)',
        '$uppercase(missing, missing)',
        '$not(n, missing)',
        '$round(n, 1, 1)',
        '$not()',
      ],
    ],
    [
      'a text that is no number',
      ['" 5"', '"5 "', '"x"', '""', '".5"', '"5."', '"+5"', '"1e999"', '"0x1F"'].map(
        (text) => `$number(${text})`,
      ),
    ],
    [
      'a value that is no number',
      [
        '$number(none)',
        '$number(deep)',
        '$number(list)',
        '$sum(a)',
        '$sum(texts)',
        '$sum(yes)',
        '$sum([null])',
      ],
    ],
    [
      'a text that is no time',
      ['Nov 2026', '2026 Nov', '2026-11-24T12:34', '2026-13-24', '26-11-24', ''].map(
        (text) => `$toMillis("${text}")`,
      ),
    ],
    ['an object or a list as a text', ['$string(deep)', '$string(list)']],
    ['a list as a truth', ['$boolean(list)', '$not(list)', 'list ? 1 : 2', 'yes and list']],
    ['a number out of bounds', ['$sum(large)', '$round(1e300, 300)']],
    ['a name of no function', ['$nobody(1)', '$constructor(1)', '$toString()', '$hasOwnProperty("a")']],
  ])('%s', async (_, sources) => {
    for (const source of sources) {
      expect(await seen(source, SCOPE)).toEqual(await expected(source, SCOPE, false));
    }
  });
});
