import fc from 'fast-check';
import { OPERATORS } from './expression-tokens.ts';
import { NAMES, numbers, strings } from './json-values.ts';

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

/** A call with an argument of the type that the function takes. */
const FITTING_CALL = fc
  .oneof(
    fc.tuple(fc.constantFrom('uppercase', 'trim', 'length', 'number', 'toMillis'), strings.map(quoted)),
    fc.tuple(fc.constantFrom('round', 'fromMillis', 'string', 'abs'), numbers.map(String)),
  )
  .map(([of, arg]) => `$${of}(${arg})`);

/** A call that writes a number or a time by a picture, which may be none. */
const PICTURE_CALL = fc
  .tuple(numbers, strings, fc.constantFrom('formatNumber', 'fromMillis'))
  .map(([value, picture, of]) => `$${of}(${value}, ${quoted(picture)})`);

type Grammar = { readonly expression: string; readonly args: readonly string[] };
type Text = fc.Arbitrary<string>;

/** Expressions of what can be compiled, and a little of what cannot; most of them are valid JSONata. */
export const { expression } = fc.letrec<Grammar>((tie) => {
  const inner = tie('expression');
  return {
    args: fc.array(inner, { maxLength: 3 }),
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      { weight: 5, arbitrary: pathFrom(inner) },
      { weight: 2, arbitrary: strings.map(quoted) },
      { weight: 2, arbitrary: numbers.map((value) => String(value)) },
      fc.constantFrom('true', 'false', 'null', '$f(a)', '$g(a, b)', '$v', 'missing'),
      FITTING_CALL,
      { weight: 5, arbitrary: callOf(inner) },
      PICTURE_CALL,
      { weight: 6, arbitrary: operationOn(inner) },
      ...choicesOf(inner),
      inner.map((of) => `-${of}`),
      inner.map((of) => `(${of})`),
      tie('args').map((items) => `a in [${items.join(', ')}]`),
      tie('args').map((items) => `$sum([${items.join(', ')}])`),
      ...blocksOf(inner),
    ),
  };
});

/** Steps from a name, a variable or an expression, some with an index. */
function pathFrom(inner: Text): Text {
  const name = fc.constantFrom(...NAMES).map(asStep);
  const step = fc.oneof(
    { weight: 6, arbitrary: name },
    {
      weight: 2,
      arbitrary: fc.tuple(name, fc.integer({ min: -2, max: 1 })).map(([of, at]) => `${of}[${at}]`),
    },
    inner.map((of) => `(${of})`),
    fc.constantFrom('$', '$v', '$f(a)', '$type($)', '$string($)'),
  );
  const start = fc.oneof(
    { weight: 6, arbitrary: step },
    fc.constantFrom('$', '$$', '$item', '$headers', '$source', '$receivedAt', '$v', '$w', '$item[0]'),
  );
  return fc.tuple(start, fc.array(step, { maxLength: 3 })).map(([first, rest]) => [first, ...rest].join('.'));
}

/** A call of a function with as many arguments as it takes, or one more than the least. */
function callOf(inner: Text): Text {
  const args = fc.array(inner, { minLength: 3, maxLength: 3 });
  return fc
    .tuple(fc.constantFrom(...FUNCTIONS), args, fc.nat(1))
    .map(
      ([[of, least, most], given, more]) =>
        `$${of}(${given.slice(0, Math.min(most, least + more)).join(', ')})`,
    );
}

function operationOn(inner: Text): Text {
  return fc
    .tuple(inner, fc.constantFrom(...OPERATORS), inner)
    .map(([left, operator, right]) => `${left} ${operator} ${right}`);
}

function choicesOf(inner: Text): readonly Text[] {
  return [
    fc.tuple(inner, inner).map(([of, then]) => `${of} ? ${then}`),
    fc.tuple(inner, inner, inner).map(([of, then, otherwise]) => `${of} ? ${then} : ${otherwise}`),
  ];
}

/** Blocks that bind a value or a function for what comes after it. */
function blocksOf(inner: Text): readonly Text[] {
  return [
    fc
      .tuple(inner, inner, inner)
      .map(([value, body, of]) => `($v := ${value}; $f := function($x){ ${body} }; ${of})`),
    fc.tuple(inner, inner).map(([body, of]) => `($g := (function($x, $v){ ${body} }); ${of})`),
  ];
}

/** Names joined by dots, from the body or a binding. */
export const path = fc
  .tuple(
    fc.constantFrom('', '', '', '$item', '$headers'),
    fc.array(fc.constantFrom(...NAMES, 'sequence', 'length').map(asStep), { maxLength: 4 }),
  )
  .map(([start, steps]) => [start, ...steps].filter((part) => part !== '').join('.'))
  .filter((text) => text !== '');

/** A name as a path has it: in backticks unless it is a word. */
function asStep(name: string): string {
  return /^\w+$/.test(name) ? name : `\`${name}\``;
}

function quoted(text: string): string {
  return JSON.stringify(text.replace(/["'\\]/g, '')).replace(/\\[^u]/g, ' ');
}
