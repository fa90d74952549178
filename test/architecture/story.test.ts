import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { filesReachedBy, importsOf, ROOMS, readSourceFiles } from './source-files.ts';

const FILES = readSourceFiles(...ROOMS);
const README = readFileSync(new URL('../../lambdas/README.md', import.meta.url), 'utf8');

/** The folders of the stages, in the order in which the README of `lambdas/` has them. */
const STAGES = [...README.matchAll(/^\| \d\. ([\w-]+) +\| `([\w-]+)\/`/gm)].map(([, word, folder]) => [
  word,
  folder,
]);

describe('the house tells the story:', () => {
  test('every folder of lambdas/ is a stage of its README, the search or the adapters', () => {
    const folders = readdirSync(new URL('../../lambdas', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);

    expect(STAGES).toHaveLength(5);
    expect(folders.sort()).toEqual([...STAGES.map(([, folder]) => folder), 'adapters', 'search'].sort());
    expect(STAGES.filter(([word, folder]) => word !== folder)).toEqual([]);
  });

  test('a folder has a handler only if lib/ deploys it', () => {
    const handlers = FILES.map(({ path }) => path).filter((path) => path.endsWith('/handler.ts'));
    const deployed = readSourceFiles('lib')
      .flatMap(importsOf)
      .filter((path) => path.endsWith('/handler.ts'));

    expect(handlers.length).toBeGreaterThan(0);
    expect(handlers.sort()).toEqual([...new Set(deployed)].sort());
  });

  test('every handler says what runs when', () => {
    for (const { path, text } of FILES.filter((file) => file.path.endsWith('handler.ts'))) {
      const comments = [
        ...text.matchAll(/^\/\/ (runs once per cold start|runs for every \w+|called by AWS)$/gm),
      ];

      expect([path, comments.length]).toEqual([path, 3]);
    }
  });

  test('nothing is named by its kind', () => {
    const banned = /(^|\/)(utils?|helpers?|common|misc|types|interfaces|services|index)(\/|\.ts$)/;

    expect(FILES.map(({ path }) => path).filter((path) => banned.test(path))).toEqual([]);
  });

  test('the top level of lib/ holds what the package exports, and nothing else', () => {
    const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const exported = Object.values<string>(exports).flatMap(
      (path) => /^\.\/dist\/(lib\/.*)\.js$/.exec(path)?.[1] ?? [],
    );

    expect(
      FILES.map(({ path }) => path)
        .filter((path) => /^lib\/[^/]+$/.test(path))
        .sort(),
    ).toEqual(exported.map((path) => `${path}.ts`).sort());
  });

  test('no folder has more than 14 files, but those of profiles and of plug-ins', () => {
    const folders = Map.groupBy(FILES, ({ path }) => path.slice(0, path.lastIndexOf('/')));
    const crowded = [...folders].filter(
      ([folder, files]) => files.length > 14 && !/\/(profiles|plug-ins)$/.test(folder),
    );

    expect(crowded.map(([folder]) => folder)).toEqual([]);
  });

  test('no command waits for the CDK to load', () => {
    const reached = filesReachedBy('cli/adapter.ts', FILES);
    const importsCdk = /^import (?!type )[^;]*? from 'aws-cdk-lib/m;

    expect(reached.length).toBeGreaterThan(50);
    expect(reached.filter(({ text }) => importsCdk.test(text)).map(({ path }) => path)).toEqual([]);
  });

  test('no file but one of tests is longer than 400 lines', () => {
    const files = [...FILES, ...readSourceFiles('test')].filter(({ path }) => !path.endsWith('.test.ts'));

    expect(files.filter(({ text }) => text.split('\n').length > 401).map(({ path }) => path)).toEqual([]);
  });
});
