import { readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { importsOf, readSourceFiles } from './source-files.ts';

const STAGES = ['ingest', 'buffer', 'map', 'deliver', 'dead-letter'];
const FILES = readSourceFiles('bin', 'lib', 'lambdas', 'local', 'cli');

describe('the house tells the story:', () => {
  test('every folder of lambdas/ is a stage, or the adapters', () => {
    const folders = readdirSync(new URL('../../lambdas', import.meta.url), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);

    expect(folders.sort()).toEqual([...STAGES, 'adapters'].sort());
  });

  test('a folder has a handler only if it is deployed', () => {
    const handlers = FILES.map(({ path }) => path).filter((path) => path.endsWith('handler.ts'));

    expect(handlers.sort()).toEqual(['lambdas/deliver/handler.ts', 'lambdas/ingest/handler.ts']);
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
    const files = [...FILES, ...readSourceFiles('bench', 'test')].filter(
      ({ path }) => !path.endsWith('.test.ts'),
    );

    expect(files.filter(({ text }) => text.split('\n').length > 401).map(({ path }) => path)).toEqual([]);
  });
});

describe('stages meet only where the design says:', () => {
  test.each([
    ['ingest', ['map', 'deliver', 'dead-letter']],
    ['buffer', ['ingest', 'map', 'deliver', 'dead-letter', 'adapters']],
    ['map', ['ingest', 'buffer', 'deliver', 'dead-letter', 'adapters']],
    ['deliver', ['ingest']],
    ['dead-letter', ['ingest', 'map', 'deliver', 'adapters']],
  ])('%s does not import %j', (stage, strangers) => {
    const imports = FILES.filter(({ path }) => path.startsWith(`lambdas/${stage}/`)).flatMap(importsOf);
    const wrong = imports.filter((path) => strangers.some((other) => path.startsWith(`lambdas/${other}/`)));

    expect(wrong).toEqual([]);
  });

  test('the functions import nothing that belongs to synth time, the local run or the commands', () => {
    const imports = FILES.filter(({ path }) => path.startsWith('lambdas/')).flatMap(importsOf);

    expect(imports.filter((path) => !path.startsWith('lambdas/'))).toEqual([]);
  });
});
