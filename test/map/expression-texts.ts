import fc from 'fast-check';

/** The few names that expressions and bodies share, so that paths are likely to lead somewhere. */
const NAMES = ['a', 'b', 'c', 'items', 'odd name', 'constructor', '__proto__'];

const strings = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'abc',
    'Ann Example',
    'null',
    '12',
    '-3.50',
    '1e3',
    '0x1F',
    '007',
    ' 5 ',
    '.5',
    'é😀x',
  ),
  fc.constantFrom(
    '2026-11-24T12:00:00Z',
    '2026-11-24',
    '2026-13-24',
    '2026',
    '2026-11-24T12:00:00.123+01:00',
  ),
  fc.constantFrom(
    '0',
    '0.00',
    '#,##0.00',
    '#,##0',
    '0.##',
    '00.0#',
    '#',
    '0.0.0',
    'EUR 0.00',
    '0%',
    '[0]',
    '#0;(0)',
  ),
  fc.constantFrom(
    '[D1] [MNn] [Y0001]',
    '[Y]-[M01]-[D01]',
    '[FNn,*-3] [h]:[m] [P]',
    '[D1o]',
    '[Y01]',
    '[[x]]',
    '[x',
  ),
  fc.constantFrom(
    '[H01]:[m01]:[s01].[f001][Z]',
    '[MN] [Mn] [PN]',
    '[M]',
    '[Y,2-2]',
    '[W01]',
    '[MNn,3-3] [Z01:01t]',
  ),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
);
const numbers = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 2, 5, 10, 0.5, 1.5, 2.5, -0.5, 0.1, 1.005, 99.995, 1e-7, 1e21, 1e300, -1e-9),
  fc.constantFrom(
    1_795_969_984,
    1_795_969_984_123,
    8.64e15,
    -1,
    253_402_300_800_000,
    -62_135_596_800_000,
    3.5e13,
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** What stands for a webhook's body, or an item of it: JSON of all kinds, deep and with lists. */
export const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    { weight: 2, arbitrary: strings },
    { weight: 3, arbitrary: numbers },
    fc.constantFrom<unknown>(true, false, null),
    { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...NAMES), tie('json'), { maxKeys: 5 }) },
    fc.array(tie('json'), { maxLength: 3 }),
  ),
}));

/** Mostly an object in which most of the names lead somewhere. */
export const webhookBody = fc.oneof(
  { weight: 4, arbitrary: fc.record({ a: json, b: json, c: json, items: fc.array(json, { maxLength: 3 }) }) },
  json,
);

function quoted(text: string): string {
  return JSON.stringify(text.replace(/["'\\]/g, '')).replace(/\\[^u]/g, ' ');
}

const FUNCTIONS: readonly (readonly [name: string, least: number, most: number])[] = [
  ...['uppercase', 'lowercase', 'trim', 'length', 'toMillis', 'number', 'string', 'boolean', 'not'].map(
    (name) => [name, 1, 1] as const,
  ),
  ...['exists', 'type', 'count', 'sum', 'abs', 'floor', 'ceil'].map((name) => [name, 1, 1] as const),
  ...['contains', 'substringBefore', 'substringAfter', 'formatNumber'].map((name) => [name, 2, 2] as const),
  ['substring', 2, 3],
  ['round', 1, 2],
  ['fromMillis', 1, 2],
];
const OPERATORS = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '&',
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'and',
  'or',
  'in',
  '?:',
  '??',
];

/** Expressions of what can be compiled, and a little of what cannot; most of them are valid JSONata. */
export const { expression } = fc.letrec<{ expression: string; args: readonly string[] }>((tie) => {
  const name = fc.constantFrom(...NAMES).map((text) => (/^\w+$/.test(text) ? text : `\`${text}\``));
  const step = fc.oneof(
    { weight: 6, arbitrary: name },
    {
      weight: 2,
      arbitrary: fc.tuple(name, fc.integer({ min: -2, max: 1 })).map(([of, at]) => `${of}[${at}]`),
    },
    fc.tuple(tie('expression')).map(([of]) => `(${of})`),
    fc.constantFrom('$', '$v', '$f(a)', '$type($)', '$string($)'),
  );
  const start = fc.oneof(
    { weight: 6, arbitrary: step },
    fc.constantFrom('$', '$$', '$item', '$headers', '$source', '$receivedAt', '$v', '$w', '$item[0]'),
  );
  const path = fc
    .tuple(start, fc.array(step, { maxLength: 3 }))
    .map(([first, rest]) => [first, ...rest].join('.'));
  const call = fc
    .tuple(
      fc.constantFrom(...FUNCTIONS),
      fc.array(tie('expression'), { minLength: 3, maxLength: 3 }),
      fc.nat(1),
    )
    .map(
      ([[of, least, most], args, more]) =>
        `$${of}(${args.slice(0, Math.min(most, least + more)).join(', ')})`,
    );
  const fitting = fc.oneof(
    fc.tuple(fc.constantFrom('uppercase', 'trim', 'length', 'number', 'toMillis'), strings),
    fc.tuple(fc.constantFrom('round', 'fromMillis', 'string', 'abs'), numbers),
  );
  return {
    args: fc.array(tie('expression'), { maxLength: 3 }) as fc.Arbitrary<readonly string[]>,
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      { weight: 5, arbitrary: path },
      { weight: 2, arbitrary: strings.map(quoted) },
      { weight: 2, arbitrary: numbers.map((value) => String(value)) },
      fc.constantFrom('true', 'false', 'null', '$f(a)', '$g(a, b)', '$v', 'missing'),
      fitting.map(([of, arg]) => `$${of}(${typeof arg === 'string' ? quoted(arg) : arg})`),
      { weight: 5, arbitrary: call },
      fc
        .tuple(numbers, strings, fc.constantFrom('formatNumber', 'fromMillis'))
        .map(([value, picture, of]) => `$${of}(${value}, ${quoted(picture)})`),
      {
        weight: 6,
        arbitrary: fc
          .tuple(tie('expression'), fc.constantFrom(...OPERATORS), tie('expression'))
          .map(([left, operator, right]) => `${left} ${operator} ${right}`),
      },
      fc.tuple(tie('expression'), tie('expression')).map(([of, then]) => `${of} ? ${then}`),
      fc
        .tuple(tie('expression'), tie('expression'), tie('expression'))
        .map(([of, then, otherwise]) => `${of} ? ${then} : ${otherwise}`),
      tie('expression').map((of) => `-${of}`),
      tie('expression').map((of) => `(${of})`),
      tie('args').map((items) => `a in [${(items as readonly string[]).join(', ')}]`),
      tie('args').map((items) => `$sum([${(items as readonly string[]).join(', ')}])`),
      fc
        .tuple(tie('expression'), tie('expression'), tie('expression'))
        .map(([value, body, of]) => `($v := ${value}; $f := function($x){ ${body} }; ${of})`),
      fc
        .tuple(tie('expression'), tie('expression'))
        .map(([body, of]) => `($g := (function($x, $v){ ${body} }); ${of})`),
    ),
  };
});

/** JSON in which the few names of the paths are likely to lead somewhere, through objects and lists. */
export const { namedJson } = fc.letrec((tie) => ({
  namedJson: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    fc.constantFrom<unknown>('x', '', 0, 1.5, true, false, null),
    fc.array(tie('namedJson'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES, 'sequence', 'length'), tie('namedJson'), { maxKeys: 4 }),
  ),
}));

/** Names joined by dots, from the body or a binding. */
export const path = fc
  .tuple(
    fc.constantFrom('', '', '', '$item', '$headers'),
    fc.array(
      fc
        .constantFrom(...NAMES, 'sequence', 'length')
        .map((name) => (/^\w+$/.test(name) ? name : `\`${name}\``)),
      { maxLength: 4 },
    ),
  )
  .map(([start, steps]) => [start, ...steps].filter((part) => part !== '').join('.'))
  .filter((text) => text !== '');

const TOKENS = [
  ...[
    'a',
    'b',
    'a.b',
    '$',
    '$$',
    '$item',
    '$v',
    '$f',
    'function',
    '`a`',
    'a5',
    '5a',
    '$1',
    'a$b',
    "a'b'",
    'é',
    'a[0]',
  ],
  ...['(', ')', '[', ']', '{', '}', ',', ';', ':', '?', ':=', '.', '..', '~>', '@', '#', '^', '|', '!', '~'],
  ...[...OPERATORS, '/*', '*/', '\n', '\u00a0'],
  ...[
    'true',
    'false',
    'null',
    '0',
    '1',
    '-1',
    '1.5',
    '1e5',
    '01',
    "'x'",
    '"y"',
    '$uppercase',
    '$string',
    '$count',
  ],
  ...['($v := 1;', '$f := function($x){', '$x', '$not(', '$exists('],
];

/** Pieces of expressions in any order: some are valid. */
export const tokens = fc
  .array(fc.tuple(fc.constantFrom(...TOKENS), fc.constantFrom('', ' ', ' ')), { maxLength: 12 })
  .map((pieces) => pieces.map((piece) => piece.join('')).join(''));
