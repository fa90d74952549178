import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { formatProblems } from '../../../lib/config-file.ts';
import { checkMappingFolders, readExamples } from '../../../lib/map/check-mapping-folders.ts';
import { foldersOf } from '../../../lib/map/mapping-folders.ts';
import { readStages } from '../../../lib/stages.ts';

// Every file of every folder `examples` is a test of its own: adding one needs no change here.
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MAPPINGS = join(ROOT, 'mappings');
const stages = readStages(join(ROOT, 'stages.yaml'));
const { problems } = await checkMappingFolders(MAPPINGS, stages.ok ? Object.keys(stages.value) : []);
const folders = foldersOf(MAPPINGS);
const examples = folders.flatMap((folder) => readExamples(join(MAPPINGS, folder), folder).examples);

describe('the example', () => {
  test.each(examples)('$name becomes what it expects', ({ file: shown }) => {
    expect(formatProblems(problems.filter(({ file }) => file === shown))).toBe('');
  });
});

describe('the mapping folders that are shipped', () => {
  test('have neither problems nor warnings', () => {
    expect([stages.ok, formatProblems(problems)]).toEqual([true, '']);
  });

  test('have examples that begin by saying what they show', () => {
    const silent = examples.filter(({ path }) => !/^# \S.{9,}\n/.test(readFileSync(path, 'utf8')));
    expect(silent.map(({ file }) => file)).toEqual([]);
  });

  test.each(folders)('%s has examples', (folder) => {
    expect(examples.filter(({ path }) => relative(MAPPINGS, path).startsWith(`${folder}/`))).not.toEqual([]);
  });
});
