import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { compileExpression } from '../../lambdas/map/compile-expression.ts';
import { withDefinitions } from '../../lambdas/map/definitions.ts';
import type { Scope } from '../../lambdas/map/expression.ts';
import { expressionSource, isExpression } from '../../lambdas/map/expression-text.ts';
import type { EventMapping } from '../../lambdas/map/mapping.ts';
import { bodyFormatOf, parseBody } from '../../lambdas/webhook-body.ts';
import { readExamples } from '../../lib/map/check-mapping-folders.ts';
import { foldersOf, readFolder } from '../../lib/map/mapping-folders.ts';
import { resolveMapping } from '../../lib/map/resolve-mapping.ts';
import { byEngine, byJsonata, isDecided } from './by-jsonata.ts';

const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url));

const SHIPPED = foldersOf(MAPPINGS).map((folder) => {
  const file = readFolder(`${MAPPINGS}/${folder}`, folder);
  if (!file.ok) throw new Error(`The mapping folder ${folder} has problems.`);
  const { events, let: definitions } = resolveMapping(file.value, 'local');
  const sources = events
    .flatMap(expressionsOf)
    .map((text) => withDefinitions(expressionSource(text), definitions));
  const scopes = readExamples(`${MAPPINGS}/${folder}`, folder).examples.map(({ webhook }) =>
    scopeOf(folder, webhook),
  );
  return { folder, sources, scopes };
});

function expressionsOf(event: EventMapping): readonly string[] {
  const { items, when, 'event-time': time, 'event-key': key, 'event-params': params } = event;
  return [items, when, time, key.value, ...Object.values(params)].filter(
    (text) => text !== undefined && isExpression(text),
  ) as string[];
}

/** The first of a list stands for the item. */
function scopeOf(
  source: string,
  { rawBody, headers }: { readonly rawBody: Uint8Array; readonly headers: ReadonlyMap<string, string> },
): Scope {
  const parsed = parseBody(rawBody, bodyFormatOf(headers.get('content-type')));
  const body = parsed.ok ? parsed.value : undefined;
  const item: unknown = Array.isArray(body) ? body[0] : undefined;
  return { source, body, item, headers: Object.fromEntries(headers), receivedAt: '2026-11-24T12:00:00.000Z' };
}

describe('the mappings that are shipped', () => {
  test.each(SHIPPED)(
    '$folder: each expression gives what JSONata gives, on every example',
    async ({ sources, scopes }) => {
      for (const source of sources) {
        for (const scope of scopes) {
          expect(await byEngine(source, scope)).toEqual(await byJsonata(source, scope));
        }
      }
    },
  );

  test('need JSONata for a list that is looked through, and for nothing else', () => {
    const needed = SHIPPED.flatMap(({ sources }) =>
      sources.filter((source) => compileExpression(source) === undefined),
    );

    expect(needed.map((source) => /[^;]*\[[^\]]*=[^\]]*/.test(source))).toEqual(needed.map(() => true));
    expect(needed).toHaveLength(5);
  });

  test('have their examples mapped almost without JSONata', () => {
    const asked = SHIPPED.flatMap(({ folder, sources, scopes }) =>
      sources
        .filter((source) => compileExpression(source) !== undefined)
        .flatMap((source) =>
          scopes.filter((scope) => !isDecided(source, scope)).map(() => `${folder}: ${source}`),
        ),
    );

    expect(asked).toEqual([]);
  });
});
