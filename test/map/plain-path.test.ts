import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import jsonata from 'jsonata';
import { compileValue, GUARDS, type Scope } from '../../lambdas/map/expression.ts';
import { followPlainPath, parsePlainPath } from '../../lambdas/map/plain-path.ts';

const SCOPE = { headers: { 'x-shop': 'a' }, source: 'shop', receivedAt: '2026-11-24T12:00:00Z' };

/** JSON in which the few names of the paths are likely to lead somewhere, through objects and lists. */
const names = fc.constantFrom('a', 'b', 'c', 'sequence', 'length', 'constructor', '__proto__', 'odd name');
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    fc.constantFrom<unknown>('x', '', 0, 1.5, true, false, null),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(names, tie('json'), { maxKeys: 4 }),
  ),
}));
const path = fc
  .tuple(
    fc.constantFrom('', '', '', '$item', '$headers'),
    fc.array(
      names.map((name) => (/^\w+$/.test(name) ? name : `\`${name}\``)),
      { maxLength: 4 },
    ),
  )
  .map(([start, steps]) => [start, ...steps].filter((part) => part !== '').join('.'))
  .filter((text) => text !== '');

async function byJsonata(source: string, { body, ...bindings }: Scope): Promise<unknown> {
  return jsonata(source, GUARDS).evaluate(body, bindings);
}

/** JSONata marks its lists with members of its own, which are no part of the result. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

describe('a path alone', () => {
  test('gives exactly what JSONata gives, whatever the webhook', async () => {
    await fc.assert(
      fc.asyncProperty(path, json, json, async (source, body, item) => {
        const scope = { ...SCOPE, body, item };
        const found = await compileValue(`{% ${source} %}`)(scope);

        expect(found.ok && plain(found.value)).toEqual(plain(await byJsonata(source, scope)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('is followed without JSONata unless a list stands in it', () => {
    fc.assert(
      fc.property(path, json, json, (source, body, item) => {
        const parsed = parsePlainPath(source);
        if (parsed === undefined) throw new Error(`${source} was not read as a path`);
        const start = { body, item, headers: SCOPE.headers }[parsed.from];

        const { isList } = followPlainPath(start, parsed.names);
        expect(isList ? meetsList(start, parsed.names) : true).toBe(true);
      }),
    );
  });

  test.each([
    'and',
    'a.in',
    'true',
    'null',
    'a[0]',
    '$',
    '$$.a',
    '$source',
    'a & b',
    'a.*',
    '5',
    '"a"',
    '',
    'a.',
    '5.a',
    'a b',
    '(a).b',
    'x$item',
    '.a',
  ])('is not what %j is: JSONata has to look at it', (source) => {
    expect(parsePlainPath(source)).toBeUndefined();
  });

  test.each(['`and`', '$item', '$headers.`x-shop`', 'a.`b.c`'])('is what %j is', (source) => {
    expect(parsePlainPath(source)).toBeDefined();
  });
});

function meetsList(start: unknown, steps: readonly string[]): boolean {
  let value: unknown = start;
  if (Array.isArray(value)) return true;
  for (const step of steps) {
    value = (value as Record<string, unknown> | undefined)?.[step];
    if (Array.isArray(value)) return true;
  }
  return false;
}
