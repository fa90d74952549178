import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = globSync('.github/**/*.yml', { cwd: ROOT });
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');

describe('what GitHub reads', () => {
  test.each(FILES)('%s is YAML without a key twice', (file) => {
    expect(parse(textOf(file), { strict: true, uniqueKeys: true })).toEqual(expect.any(Object));
  });

  test("its actions are GitHub's own, each pinned to one commit everywhere", () => {
    const uses = FILES.flatMap((file) => textOf(file).match(/(?<=uses: ).*/g) ?? []);

    expect(uses).not.toEqual([]);
    expect(uses.filter((one) => !/^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(one))).toEqual([]);
    const byAction = Map.groupBy(new Set(uses), (one) => one.split('@')[0]);
    expect([...byAction.values()].filter((pins) => pins.length > 1)).toEqual([]);
  });

  test('its runs use scripts that package.json has', () => {
    const runs = FILES.flatMap((file) => [...textOf(file).matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)]);
    const scripts = Object.keys(manifest.scripts);

    expect(runs.map(([, script = '']) => script).filter((script) => !scripts.includes(script))).toEqual([]);
  });

  test('Dependabot groups packages that there are', () => {
    const { updates } = parse(textOf('.github/dependabot.yml'));
    const [npm] = updates as readonly { groups: Record<string, { patterns: readonly string[] }> }[];
    const patterns = Object.values(npm?.groups ?? {}).flatMap((group) => group.patterns);
    const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];
    const isMet = (pattern: string) =>
      names.some((name) =>
        pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
      );

    // The SDK brings its own @smithy packages.
    expect(patterns.filter((pattern) => !isMet(pattern))).toEqual(['@smithy/*']);
  });
});

test('every file of the repository has the line endings in which its texts and signatures are compared', () => {
  expect(textOf('.gitattributes')).toMatch(/^\* text=auto eol=lf$/m);
});
