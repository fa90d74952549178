import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { formatProblems } from '../../../lib/config/file.ts';
import { checkMappingFolders, foldersOf } from '../../../lib/mapping/folders.ts';

const DIRECTORY = 'test/fixtures/mappings/invalid';

/** What a person reads of a folder, as it stands in its `expected.txt`. */
async function problemsByFolder(): Promise<ReadonlyMap<string, string>> {
  const { problems } = await checkMappingFolders(DIRECTORY, ['dev', 'prod']);
  const lines = formatProblems(problems).split('\n');
  return new Map(
    foldersOf(DIRECTORY).map((folder) => {
      const own = lines.filter((line) => line.startsWith(`${DIRECTORY}/${folder}/`));
      return [folder, own.map((line) => line.slice(DIRECTORY.length + folder.length + 2)).join('\n')];
    }),
  );
}

const found = problemsByFolder();

describe('the problems of wrong mappings, word for word:', () => {
  test.each(foldersOf(DIRECTORY))('%s', async (folder) => {
    const expected = readFileSync(`${DIRECTORY}/${folder}/expected.txt`, 'utf8');

    expect((await found).get(folder)).toBe(expected.trimEnd());
  });

  test('ten mistakes in one file are reported in one run, each at its line', async () => {
    const lines = (await found).get('ten-mistakes')?.split('\n') ?? [];

    expect(lines.filter((line) => /^mapping\.yaml:\d+:\d+ {2}/.test(line)).length).toBeGreaterThanOrEqual(10);
  });
});
