import { win32 } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { exactly } from '../../lib/bundle/bundle-function.ts';
import { readSourceFiles } from './source-files.ts';

// No test runs on Windows here. These show what can be shown without it. The bench measures on Linux alone.

const FILES = readSourceFiles('answers', 'bin', 'cli', 'lib', 'local', 'rehearsal', 'signing');

/** Functions of `node:fs` and `node:child_process` whose first argument is a path. */
const TAKES_PATH =
  /\b(?:cp|cpSync|exists|existsSync|mkdir\w*|mkdtemp\w*|open|openSync|read(?:File|dir|link)\w*|rm|rmSync|stat\w*|watch|watchFile|write(?:File)\w*)\(\s*/;

describe('a path of this machine', () => {
  test.each([
    [
      'is joined by node:path, or is a URL, and no text with a slash in it',
      new RegExp(`${TAKES_PATH.source}(?:\`[^\`]*/|'[^']*/[^']*'|[\\w.]+ \\+ ['"\`])`),
    ],
    [
      'is no part of a file URL, which has a slash before the drive',
      /fileURLToPath\([^)]*\)\.pathname|import\.meta\.url\)\.pathname/,
    ],
    ['is no module name: import() of a drive letter fails', /\bimport\((?:join|resolve|fileURLToPath)\(/],
    [
      'is never split at slashes',
      /\b(?:file|path|folder|directory|dirname|\w+(?:File|Path|Folder|Directory))\.split\(['"]\/['"]\)/,
    ],
    [
      'is no pattern as it is: its backslashes would be escapes',
      /new RegExp\([^)]*\$\{(?!RegExp\.escape|exactly)(?:file|path|folder|directory|module)\}/,
    ],
    [
      'of a program is no npm or npx, which are scripts there',
      /\b(?:spawn|execFile)(?:Sync)?\(\s*['"](?:npm|npx)['"]/,
    ],
    ['of temporary files comes from os.tmpdir()', /['"`]\/(?:tmp|var|home|dev)\//],
  ])('%s', (_, pattern) => {
    const lines = FILES.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
    );

    expect(lines).toEqual([]);
  });

  test.each([
    win32.join('C:\\Users\\Ann (work)\\adapter', 'lambdas', 'form-body.ts'),
    '/home/ann+bob/adapter/lambdas/form-body.ts',
    './jsonata.cjs',
  ])('as a pattern for esbuild matches %s alone', (path) => {
    expect(exactly(path).test(path)).toBe(true);
    expect(exactly(path).test(path.replace('.', '-'))).toBe(false);
    // esbuild's patterns are Go's, which shares no escapes but those of punctuation.
    expect(exactly(path).source.replaceAll('\\\\', '')).not.toMatch(/\\[a-z]/i);
  });
});

describe('with the paths of Windows', () => {
  test("a stage's mapping folders lie beside its stages.yaml, whichever slash it is written with", async () => {
    jest.resetModules();
    jest.unstable_mockModule('node:path', () => ({ ...win32, default: win32 }));
    jest.unstable_mockModule('node:fs', () => ({
      existsSync: () => true,
      readFileSync: () =>
        Buffer.from('dev:\n  event-url: https://t.example/events\n  mappings: tenants/acme\n'),
      readdirSync: () => [],
      statSync: () => ({ isDirectory: () => true, isFile: () => true, size: 60 }),
    }));
    const { projectOf } = await import('../../answers/project.ts');
    const project = { mappings: 'C:\\bridge\\mappings', stagesFile: 'C:\\bridge\\stages.yaml' };

    expect(projectOf(project, { stage: 'dev' }).mappings).toBe('C:\\bridge\\tenants\\acme');
  });
});
