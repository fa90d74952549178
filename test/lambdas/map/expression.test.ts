import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { compileValue, GUARDS, type Scope } from '../../../lambdas/map/expression.ts';

const SCOPE = { headers: { a: 'x', b: '5' }, source: 'shop', receivedAt: '2026-11-24T12:00:00.000Z' };

/** More by hand: `RUNS=1000000 npm test -- test/lambdas/map/expression.test.ts`. */
const RUNS = Number(process.env.RUNS ?? 1_000);

/** What a mapping with this expression gives. */
async function byMapping(source: string, scope: Scope): Promise<unknown> {
  const evaluated = await compileValue(`{% ${source} %}`)(scope);
  return evaluated.ok ? plain(evaluated.value) : evaluated.failure;
}

/** What JSONata itself gives. */
async function byJsonata(source: string, { body, ...bindings }: Scope): Promise<unknown> {
  try {
    return plain(await jsonata(source, GUARDS).evaluate(body, bindings));
  } catch (error) {
    const code = error instanceof Object && 'code' in error ? error.code : undefined;
    return { jsonataCode: code ?? (error instanceof Error ? error.name : 'unknown') };
  }
}

/** JSONata marks its lists with members of its own, which are no part of the result. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** JSON in which few names occur often, so that paths are likely to lead somewhere, through objects and lists. */
function jsonOf(names: readonly string[]): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 5, depthSize: 'medium' },
      fc.constantFrom<unknown>('x', '', 0, 1.5, true, true, false, null),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names), tie('json'), { maxKeys: 4 }),
    ),
  })).json;
}

const NAMES = [
  'a',
  'b',
  'odd name',
  'constructor',
  '__proto__',
  'sequence',
  'length',
  'and',
  'function',
  '$item',
];

describe('a path', () => {
  const step = fc.constantFrom(...NAMES).map((name) => (/^(?!and)\w+$/.test(name) ? name : `\`${name}\``));
  const path = fc
    .tuple(fc.constantFrom('', '', '', '$item', '$headers'), fc.array(step, { maxLength: 4 }))
    .map(([start, steps]) => [start, ...steps].filter((part) => part !== '').join('.'))
    .filter((text) => text !== '');

  test('gives what JSONata gives, whatever stands in the body', async () => {
    const json = jsonOf(NAMES);
    await fc.assert(
      fc.asyncProperty(path, json, json, async (source, body, item) => {
        const scope = { ...SCOPE, body, item };

        expect(await byMapping(source, scope)).toEqual(await byJsonata(source, scope));
      }),
      { numRuns: RUNS },
    );
  });

  test.each([
    ...[
      '$source',
      '$receivedAt',
      '$headers',
      '$headers.b',
      '$item',
      '$item.a',
      '$source.a',
      '`$item`',
      '`$item`.a',
    ],
    ...[
      'a',
      'a.b',
      '`a`.`b`',
      'list',
      'list.a',
      'list.a.b',
      'none.a',
      'text.length',
      'a.toString',
      'a.valueOf',
    ],
    ...[
      'own.`__proto__`.a',
      'own.constructor',
      'own.constructor.name',
      'a.`__proto__`',
      'a.constructor.name',
    ],
    ...['and', 'a.and', 'true', 'null', 'or.a', 'in', 'function', 'not_there', 'a . b', 'a.\nb', '`a.b`'],
  ])('%s is what it is in JSONata', async (source) => {
    const body = JSON.parse(`{
      "a": {"b": 1, "and": 2, "true": 3}, "list": [{"a": {"b": 1}}, {"a": {"b": 2}}], "none": null, "text": "x",
      "and": 4, "true": 5, "null": 6, "or": {"a": 7}, "in": 8, "function": 9, "a.b": 10, "$item": {"a": 11},
      "own": {"__proto__": {"a": 12}, "constructor": "c"}
    }`);
    const scope = { ...SCOPE, body, item: { a: 'of the item' } };

    expect(await byMapping(source, scope)).toEqual(await byJsonata(source, scope));
  });

  test.each(['$', '$.a', 'a', '$$'])(
    '%s of a body that is a list is what it is in JSONata',
    async (source) => {
      const scope = { ...SCOPE, body: [{ a: 1 }, { a: 2 }] };

      expect(await byMapping(source, scope)).toEqual(await byJsonata(source, scope));
    },
  );
});

/** Names that JSONata reads off values, to know its own. */
const MARKS = [
  '_jsonata_lambda',
  '_jsonata_function',
  'tupleStream',
  'outerWrapper',
  'sequence',
  'keepSingleton',
  'cons',
];
/** As long, and nothing to JSONata. */
const PLAIN_NAMES = MARKS.map((mark, index) => `n${index}`.padEnd(mark.length, '_'));

/** Swaps the names within a text: those of the one list for those of the other, in the same place. */
function swapNames(text: string, from: readonly string[], to: readonly string[]): string {
  return from.reduce((swapped, name, index) => swapped.replaceAll(name, to[index] ?? ''), text);
}

function swapBack(given: unknown): unknown {
  return given === undefined ? undefined : JSON.parse(swapNames(JSON.stringify(given), PLAIN_NAMES, MARKS));
}

/** Webhooks in which a member of this name has different values, on the item that the body has too. */
const SCOPES = [true, false, 'x', 1, null, [true], { a: 1 }].flatMap((value) => [
  (name: string): Scope => {
    const item = { [name]: value, b: 'x' };
    return { ...SCOPE, item, body: { a: item, b: 1, [name]: value } };
  },
  (name: string): Scope => {
    const item = { [name]: value, b: 'x' };
    return { ...SCOPE, item, body: { a: [{ b: 'x' }, item], b: 2 } };
  },
]);

/** Expressions that look at `a`, or at `$item`, in all the ways in which JSONata comes upon a mark. */
const LOOKS = [
  ...['a.MARK & ""', '$string(a.MARK)', '$lookup(a, "MARK")', '$item.MARK = true', 'a.*', '**', '$item.*'],
  ...[
    '$keys(a)',
    '$keys($item)',
    '$string(a)',
    '$string($)',
    '$length($string(a))',
    '$type(a)',
    '$exists(a.b)',
  ],
  ...[
    'a.($)',
    'a.($.b)',
    'a.b & "!"',
    'a[b = "x"]',
    'a[b = "x"].b',
    'a[0]',
    'a[0].b',
    '$count(a)',
    'a = $item',
  ],
  ...[
    'a in [$item]',
    '$item in a',
    'a{"k": b}',
    '$.{"k": a.b}',
    'a^(b)',
    'a.b^($)',
    '$spread(a)',
    '$sort([b, "a"])',
  ],
  ...[
    '$merge([a, {"z": 1}])',
    '$each(a, function($v, $k){ $k })',
    '$sift(a, function($v){ $v = "x" })',
    '$[b = 1]',
  ],
  ...['$map([a], function($v){ $v.b })', '$filter([a, $item], function($v){ $v.b = "x" })', '[a, $item].b'],
  ...['($f := function($x){ $x }; $f(a).b)', '$not(a)', 'a ? 1 : 2', '$append(a, $item)', '$reverse([a, 1])'],
  ...['$boolean(a)', 'a ~> |$|{"z": 1}|', '$distinct([a, a])', '$zip([a], [1])', '$$.a.MARK', '[a.MARK, 1]'],
];

describe('members by which JSONata marks its own values', () => {
  test.each(MARKS)('are members like others: %s', async (mark) => {
    const [name = ''] = [PLAIN_NAMES[MARKS.indexOf(mark)]];
    for (const scopeWith of SCOPES) {
      for (const look of LOOKS) {
        const source = look.replaceAll('MARK', mark);
        const unmarked = await byJsonata(look.replaceAll('MARK', name), scopeWith(name));

        expect({ source, gives: await byMapping(source, scopeWith(mark)) }).toEqual({
          source,
          gives: swapBack(unmarked),
        });
      }
    }
  });

  test('are members like others wherever they stand', async () => {
    const json = jsonOf(['a', 'b', ...PLAIN_NAMES]);
    const named = fc.tuple(fc.constantFrom(...LOOKS), fc.constantFrom(...PLAIN_NAMES));
    await fc.assert(
      fc.asyncProperty(named, json, json, async ([look, name], body, item) => {
        const scope = { ...SCOPE, body, item };
        const source = look.replaceAll('MARK', name);
        const marked = JSON.parse(swapNames(JSON.stringify(scope), PLAIN_NAMES, MARKS));

        expect(await byMapping(swapNames(source, PLAIN_NAMES, MARKS), marked)).toEqual(
          swapBack(await byJsonata(source, scope)),
        );
      }),
      { numRuns: RUNS },
    );
  });

  test('make no function of an object, nor an object of a function', async () => {
    const body = { a: { _jsonata_lambda: true, b: 'x' } };

    expect(await byMapping('$uppercase(a.b)', { ...SCOPE, body })).toBe('X');
    expect(await byMapping('a.b()', { ...SCOPE, body })).toEqual({ jsonataCode: 'T1006' });
  });

  test('leave an item the same value that it is in the body', async () => {
    const body = { list: [{ outerWrapper: 1 }, { outerWrapper: 2, tags: ['x'] }] };
    const item = await compileValue('{% list[outerWrapper = 2] %}')({ ...SCOPE, body });
    const scope = { ...SCOPE, body, item: item.ok ? item.value : undefined };

    expect(scope.item).toBe(body.list[1]);
    expect(await byMapping('$item in list', scope)).toBe(true);
  });

  test('leave the texts of a body as they are', async () => {
    const body = { a: { outerWrapper: 1, b: 'outerWrapper and tupleStream' } };

    expect(await byMapping('$uppercase(a.b)', { ...SCOPE, body })).toBe('OUTERWRAPPER AND TUPLESTREAM');
    expect(await byMapping('$substringAfter(a.b, "and ")', { ...SCOPE, body })).toBe('tupleStream');
  });
});

describe('an expression that fails is reported by', () => {
  test.each([
    ['JSONata’s code', 'a + 1', 'T2001'],
    ['the code of its own error function', '$error("no")', 'D3137'],
    ['the limit of items', '[1..20000]', 'D2015'],
    ['the limit of depth', '($f := function($n){ 1 + $f($n + 1) }; $f(0))', 'D1011'],
    ['the name of what is thrown, where JSONata has no code for it', 'null()', 'TypeError'],
  ])('%s', async (_, source, jsonataCode) => {
    expect(await byMapping(source, { ...SCOPE, body: { a: 'x' } })).toEqual({ jsonataCode });
  });
});
