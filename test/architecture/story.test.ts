import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { importsOf, ROOMS, readSourceFiles } from './source-files.ts';

const FILES = readSourceFiles(...ROOMS);
const README = readFileSync(new URL('../../lambdas/README.md', import.meta.url), 'utf8');

/** The folders of the stages, in the order in which the README of `lambdas/` has them. */
const STAGES = [...README.matchAll(/^\| \d\. ([\w-]+) +\| `([\w-]+)\/`/gm)].map(([, word, folder]) => [
  word,
  folder,
]);

describe('the house tells the story:', () => {
  test('every folder of lambdas/ is a stage of its README, or the adapters', () => {
    const folders = readdirSync(new URL('../../lambdas', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);

    expect(STAGES).toHaveLength(5);
    expect(folders.sort()).toEqual([...STAGES.map(([, folder]) => folder), 'adapters'].sort());
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

  test('no file but one of tests is longer than 400 lines', () => {
    const files = [...FILES, ...readSourceFiles('test')].filter(({ path }) => !path.endsWith('.test.ts'));

    expect(files.filter(({ text }) => text.split('\n').length > 401).map(({ path }) => path)).toEqual([]);
  });
});
