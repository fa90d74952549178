import fc from 'fast-check';

/** All that stand between two expressions. */
export const OPERATORS = [
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
