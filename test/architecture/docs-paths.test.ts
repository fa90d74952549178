import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import manifest from '../../package.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The pages about the code as it is. Decision records describe the code of their day. */
const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md', 'lambdas/README.md'],
  ...globSync('docs/*.md', { cwd: ROOT }),
];

/** Whoever uses this repository adds and removes what lies there, and a page may name it as an example. */
const OF_ADOPTERS = /^(mappings|samples\/payloads)\//;

/** What looks like a path and is none of this repository. */
const NO_PATHS = ['.json', 'fs/promises', 'request.json', 'zod/mini'];

const MEDIA_TYPE = /^(application|text)\/[\w.+-]+$/;

/** By its name alone a file is found in any room. */
const FILE_NAMES = new Set(
  readdirSync(ROOT)
    .filter((name) => !/^(\..*|node_modules|dist|cdk\.out|reports)$/.test(name))
    .flatMap((name) => [name, ...filesBelow(name)])
    .map((path) => basename(path)),
);

function filesBelow(folder: string): readonly string[] {
  return globSync('**', { cwd: join(ROOT, folder) });
}

/** The paths between backticks, also those within a command; a placeholder like `<source>` stands for any name. */
function pathsIn(text: string): readonly string[] {
  return codeIn(text)
    .flatMap((code) => code.replace(/--example \S+/, '').split(/\s+/))
    .map((word) => word.replaceAll(/<[^>]+>/g, '*'))
    .filter((word) =>
      /^[\w*][\w.*-]*(\/[\w.*-]+)+\/?$|^[\w*-]+\/$|^[\w*.-]*\.(ts|mjs|js|json|yaml|md)$/.test(word),
    )
    .filter((word) => !OF_ADOPTERS.test(word) && !NO_PATHS.includes(word) && !MEDIA_TYPE.test(word));
}

function codeIn(text: string): readonly string[] {
  const withoutBlocks = text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  return [...withoutBlocks.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function isThere(path: string, page: string): boolean {
  if (!path.includes('/')) return globMatches(path);
  return [ROOT, join(ROOT, dirname(page))].some((from) => globSync(path, { cwd: from }).length > 0);
}

function globMatches(name: string): boolean {
  if (!name.includes('*')) return FILE_NAMES.has(name);
  const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return [...FILE_NAMES].some((one) => pattern.test(one));
}

function linksIn(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^https?:/.test(link));
}

function scriptsIn(text: string): readonly string[] {
  return [...text.matchAll(/npm run (?:-s |--silent )?([a-z][\w-]*(?::\w+)?)/g)].map(
    ([, script = '']) => script,
  );
}

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');

  test('names no path that is not there', () => {
    expect(pathsIn(text).filter((path) => !isThere(path, page))).toEqual([]);
  });

  test('links to no file that is not there', () => {
    expect(linksIn(text).filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([]);
  });

  test('gives no script that package.json does not have', () => {
    expect(scriptsIn(text).filter((script) => !(script in manifest.scripts))).toEqual([]);
  });
});

describe('the reader of a page', () => {
  test.each([
    ['`lib/nowhere.ts`', 'lib/nowhere.ts'],
    ['`npm test -- test/nowhere`', 'test/nowhere'],
    ['`nowhere/`', 'nowhere/'],
    ['`nowhere.ts`', 'nowhere.ts'],
    ['`lib/<stage>/nowhere.ts`', 'lib/*/nowhere.ts'],
    ['`*.nowhere.ts`', '*.nowhere.ts'],
  ])('finds the path in %s, and that it is not there', (text, path) => {
    expect(pathsIn(text)).toEqual([path]);
    expect(isThere(path, 'README.md')).toBe(false);
  });

  test.each(['lib/mappings.ts', 'lib/', 'stages.yaml', 'profiles.ts', '*.slow.test.ts', 'lib/*/alarms.ts'])(
    'knows that %s is there',
    (path) => {
      expect(isThere(path, 'README.md')).toBe(true);
    },
  );

  test('finds a path that is named from the folder of its page', () => {
    expect(isThere('ingest/handler.ts', 'lambdas/README.md')).toBe(true);
    expect(isThere('ingest/handler.ts', 'README.md')).toBe(false);
  });

  test('finds scripts and links', () => {
    expect(scriptsIn('`npm run -s adapter -- send`, `npm run test:slow`')).toEqual(['adapter', 'test:slow']);
    expect(linksIn('[a](docs/a.md#b), [c](https://example.com), [d](#e)')).toEqual(['docs/a.md']);
  });

  test('sees many paths', () => {
    const all = PAGES.flatMap((page) => pathsIn(readFileSync(join(ROOT, page), 'utf8')));

    expect(all.length).toBeGreaterThan(120);
  });
});
