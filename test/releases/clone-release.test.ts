import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { cloneRelease } from './clone-release.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'releases-'));
const ORIGIN = join(FOLDER, 'origin');
const SHALLOW = join(FOLDER, 'shallow');

function git(...words: readonly string[]): void {
  const about = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  const author = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];
  execFileSync('git', [...author, ...words], { env: { ...process.env, ...about }, stdio: 'ignore' });
}

git('init', ORIGIN);
for (const title of ['one', 'two']) git('-C', ORIGIN, 'commit', '--allow-empty', '-m', title);
git('clone', '--depth', '1', `file://${ORIGIN}`, SHALLOW);

afterAll(() => rmSync(FOLDER, { recursive: true }));

describe('a release is not cloned', () => {
  test('that does not exist', () => {
    expect(() => cloneRelease('0.0.9', join(FOLDER, 'new'))).toThrow(
      'There is no release 0.0.9. There are: 0.1.0.',
    );
  });

  test('from a history that is shallow', () => {
    expect(() => cloneRelease('0.1.0', join(FOLDER, 'new'), SHALLOW)).toThrow(
      /^The history is shallow .* git fetch --unshallow$/,
    );
  });

  test('from another repository', () => {
    expect(() => cloneRelease('0.1.0', join(FOLDER, 'new'), ORIGIN)).toThrow(
      /is no clone of this repository/,
    );
  });

  test('from a folder that is no repository', () => {
    expect(() => cloneRelease('0.1.0', join(FOLDER, 'new'), FOLDER)).toThrow(
      /is no clone of this repository/,
    );
  });

  test('into a folder that is not empty', () => {
    writeFileSync(join(FOLDER, 'a-file'), '');

    expect(() => cloneRelease('0.1.0', FOLDER)).toThrow(`${FOLDER} is not empty.`);
  });
});
