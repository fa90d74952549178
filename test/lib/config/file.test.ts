import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { formatProblems, readConfigFile } from '../../../lib/config/file.ts';
import { readExamples, readFolder, stagesNamedIn } from '../../../lib/mapping/folders.ts';
import { readStages } from '../../../lib/stages/stages.ts';

/** Eight lines that stand for 43 million values. */
const BOMB = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...[...'bcdefgh'].map((name, index) => {
    const repeated = Array.from({ length: 9 }, () => `*${'abcdefg'[index]}`);
    return `${name}: &${name} [${repeated.join(', ')}]`;
  }),
].join('\n');

const DEEP = `a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`;

/** What YAML allows and nobody should write, and where and how it is told. */
const TEXTS: readonly (readonly [string, string, string])[] = [
  ['aliases of aliases', BOMB, 'f.yaml:5:8  is one alias too many'],
  ['an alias of what it is in', 'a: &a\n  - *a', 'f.yaml:2:5  is part of what it repeats. Write it out.'],
  ['an alias of nothing', 'a: 1\nb: *c', 'f.yaml:2:4  has no anchor "&c" before it. Check its name.'],
  ['lists in lists in lists', DEEP, 'is nested too deep to be read. Write it flatter.'],
  [
    'a tag of somebody’s own',
    'a: 1\nb: !mine 2',
    'f.yaml:2:10  has a tag, and tags are not read. Remove it.',
  ],
  ['bytes', 'a: !!binary aGk=', 'f.yaml:1:13  has a tag, and tags are not read. Remove it.'],
  ['a list as a key', '? [a, b]\n: 1', 'f.yaml:1:3  is no key: a key is a text. Write one out.'],
  [
    'two keys of one name',
    'a: 1\na: 2',
    'f.yaml:2:1  is the second key of this name. Remove one of the two.',
  ],
  ['two documents', 'a: 1\n---\nb: 2', 'f.yaml:2:1  is a second document. Remove it and the line "---"'],
  ['six million letters', `a: ${'x'.repeat(6_000_000)}`, 'f.yaml:1:1  has more than 5242880 bytes.'],
  ['tabs', 'a:\n\tb: 1', 'f.yaml:2:1  is not valid YAML: Tabs are not allowed as indentation'],
];

describe('a YAML text with', () => {
  test.each(TEXTS)('%s is refused at its line, with what to do', (_, text, told) => {
    const read = readConfigFile('f.yaml', text);

    expect(read.ok ? [] : formatProblems(read.failure).split('\n')).toEqual([expect.stringContaining(told)]);
  });

  test.each([
    [
      'a few aliases',
      'a: &a [1, 2]\nb: *a\nc: [*a, *a]',
      {
        a: [1, 2],
        b: [1, 2],
        c: [
          [1, 2],
          [1, 2],
        ],
      },
    ],
    ['an anchor that is set anew', 'a: &a 1\nb: *a\nc: &a 2\nd: *a', { a: 1, b: 1, c: 2, d: 2 }],
    ['the tag of a text', 'a: !!str 1', { a: '1' }],
    ['a merge key, as YAML 1.1 has it', 'a: &a {b: 1}\nc: {<<: *a}', { a: { b: 1 }, c: { b: 1 } }],
  ])('%s is read', (_, text, value) => {
    expect(readConfigFile('f.yaml', text)).toMatchObject({ ok: true, value: { value } });
  });
});

const directory = mkdtempSync(join(tmpdir(), 'yaml-'));

afterAll(() => rmSync(directory, { recursive: true }));

/** Writes what a person may have put in the place of a file. */
function put(path: string, content: string | Buffer | undefined): string {
  const file = join(directory, path);
  mkdirSync(join(file, '..'), { recursive: true });
  if (content === undefined) mkdirSync(file);
  else writeFileSync(file, content);
  return file;
}

const CONTENTS: readonly (readonly [string, string | Buffer | undefined, RegExp])[] = [
  ['a bomb', BOMB, /:5:8 {2}is one alias too many/],
  [
    'UTF-16',
    Buffer.from('a: 1', 'utf16le').fill(0xff, 0, 1),
    /:1:1 {2}is not UTF-8. Save it in that encoding./,
  ],
  ['a folder', undefined, /:1:1 {2}is a folder. Put a file there./],
];

describe.each(CONTENTS)('%s in the place of', (name, content, told) => {
  test('a mapping file is told as a problem', () => {
    put(`${name}/mappings/shop/mapping.yaml`, content);
    const folder = readFolder(join(directory, name, 'mappings/shop'), 'shop');

    expect(folder.ok ? '' : formatProblems(folder.failure)).toMatch(told);
    expect(stagesNamedIn(join(directory, name, 'mappings'))).toEqual([]);
  });

  test('an example is told as a problem', () => {
    put(`${name}/shop/examples/paid.yaml`, content);

    expect(formatProblems(readExamples(join(directory, name, 'shop'), 'shop').problems)).toMatch(told);
  });

  test('stages.yaml is told as a problem', () => {
    const stages = readStages(put(`${name}/stages.yaml`, content));

    expect(stages.ok ? '' : formatProblems(stages.failure)).toMatch(told);
  });
});
