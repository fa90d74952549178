import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { importsOf, ROOMS, readSourceFiles } from './source-files.ts';

type Room = (typeof ROOMS)[number];

const BELOW_COMMANDS = ['lambdas', 'lib', 'signing', 'answers'] as const;

/** What each room may import besides itself. */
const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  lambdas: [],
  lib: ['lambdas'],
  signing: ['lambdas', 'lib'],
  answers: ['lambdas', 'lib', 'signing'],
  cli: BELOW_COMMANDS,
  local: BELOW_COMMANDS,
  console: BELOW_COMMANDS,
  rehearsal: [...BELOW_COMMANDS, 'local'],
  bench: [...BELOW_COMMANDS, 'local'],
  bin: ROOMS,
};

/** Where programs are put together: they may import any room. */
const COMPOSITION_ROOTS = ['cli/adapter.ts', 'local/start.ts'];

/** No code of the product, or not ours. */
const OUTSIDE = /^(\..*|test|examples|dist|node_modules|reports|cdk\.out)$/;

/** Stages of `lambdas/`, and those of its folders that they must not know. */
const STRANGERS: Readonly<Record<string, readonly string[]>> = {
  ingest: ['map', 'deliver', 'dead-letter'],
  buffer: ['ingest', 'map', 'deliver', 'dead-letter', 'adapters'],
  map: ['ingest', 'buffer', 'deliver', 'dead-letter', 'adapters'],
  deliver: ['ingest'],
  'dead-letter': ['ingest', 'map', 'deliver', 'adapters'],
};

const IMPORTS = new Map(readSourceFiles(...ROOMS).map((file) => [file.path, importsOf(file)]));

/** Every import as `importer -> imported`, for which `isWrong` holds. */
function wrongImports(isWrong: (from: string, to: string) => boolean): readonly string[] {
  return [...IMPORTS].flatMap(([from, targets]) =>
    targets.filter((to) => isWrong(from, to)).map((to) => `${from} -> ${to}`),
  );
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? '';
}

describe('the layers hold:', () => {
  test.each(Object.entries(MAY_IMPORT))('%s/ imports nothing but itself and %j', (room, allowed) => {
    const isAllowed = (to: string) => [room, ...allowed].includes(roomOf(to));
    const wrong = wrongImports(
      (from, to) => roomOf(from) === room && !COMPOSITION_ROOTS.includes(from) && !isAllowed(to),
    );

    expect(wrong).toEqual([]);
  });

  test.each(Object.entries(STRANGERS))('lambdas/%s imports none of %j', (stage, strangers) => {
    const wrong = wrongImports(
      (from, to) =>
        from.startsWith(`lambdas/${stage}/`) && strangers.some((other) => to.startsWith(`lambdas/${other}/`)),
    );

    expect(wrong).toEqual([]);
  });

  test('every folder with code is a room that has its line here', () => {
    const folders = readdirSync(new URL('../..', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !OUTSIDE.test(entry.name))
      .map(({ name }) => name)
      .filter((name) => readSourceFiles(name).length > 0);

    expect(folders.filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  test('most imports of a room are of files that are there', () => {
    expect([...IMPORTS.values()].flat().filter((to) => IMPORTS.has(to)).length).toBeGreaterThan(500);
  });
});

test('no files import each other in a circle, not even their types', () => {
  expect(circlesIn(IMPORTS)).toEqual([]);
});

describe('the reader of imports', () => {
  test.each([
    ["import { a } from './a.ts';"],
    ["import type { A } from './a.ts';"],
    ["import { type A } from './a.ts';"],
    ["import './a.ts';"],
    ["export { a } from './a.ts';"],
    ["export * from './a.ts';"],
    ["const a = await import('./a.ts');"],
    ['const a = await import(`./a.ts`);'],
    ["let a: import('./a.ts').A;"],
    ["const url = new URL('./a.ts', import.meta.url);"],
    ["const url = new URL('a.ts', import.meta.url);"],
    ["function f() { return () => import('../lib/a.ts'); }"],
  ])('sees %s', (text) => {
    expect(importsOf({ path: 'lib/b.ts', text })).toEqual(['lib/a.ts']);
  });

  test.each([
    ["import fs from 'node:fs';"],
    ["const data = new URL('./data.json', import.meta.url);"],
    ["// import './a.ts';"],
    ['const text = "import \'./a.ts\'";'],
  ])('takes for no import of a file: %s', (text) => {
    expect(importsOf({ path: 'lib/b.ts', text })).toEqual([]);
  });
});

describe('the search for circles', () => {
  test('finds each circle once, with one way around it', () => {
    const imports = { a: ['b'], b: ['c', 'd'], c: ['a'], d: ['e'], e: ['d'], f: ['a'], g: [] };

    expect(circlesIn(new Map(Object.entries(imports)))).toEqual(['a -> b -> c -> a', 'd -> e -> d']);
  });
});

/** Of every set of files that reach each other, the shortest way around from the first of them. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const seen = new Set<string>();
  const circles: string[] = [];
  for (const file of imports.keys()) {
    const way = seen.has(file) ? undefined : wayBack(file, imports);
    if (way === undefined) continue;
    circles.push(way.join(' -> '));
    for (const one of reachedFrom(file, imports)) {
      if (reachedFrom(one, imports).has(file)) seen.add(one);
    }
  }
  return circles;
}

function reachedFrom(file: string, imports: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set(imports.get(file));
  for (const one of reached) for (const next of imports.get(one) ?? []) reached.add(next);
  return reached;
}

/** The shortest way from a file to itself. */
function wayBack(file: string, imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  let ways = [[file]];
  const visited = new Set<string>();
  while (ways.length > 0) {
    const longer = ways.flatMap((way) => (imports.get(way.at(-1) ?? '') ?? []).map((next) => [...way, next]));
    const closed = longer.find((way) => way.at(-1) === file);
    if (closed !== undefined) return closed;
    ways = longer.filter((way) => !visited.has(way.at(-1) ?? '') && visited.add(way.at(-1) ?? ''));
  }
  return undefined;
}
