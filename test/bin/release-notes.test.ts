import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type Release, releaseProblems, sectionOf } from '../../bin/release-notes.ts';

const CHANGELOG = `# Changelog

## 0.3.0 (unreleased)

- **New**: not yet.

## 0.2.0 (2026-12-01)

### Changes

- **Map**: a change.

## 0.1.0

- **Path**: all of it.
`;

const READY: Release = {
  manifest: {
    name: 'an-adapter',
    version: '0.2.0',
    repository: { type: 'git', url: 'git+https://github.com/ann/an-adapter.git' },
  },
  changelog: CHANGELOG,
  tag: 'v0.2.0',
  repository: 'ann/an-adapter',
  userAgent: 'npm/11.19.1 node/v24.21.0 linux x64 workspaces/false',
};

describe('a release', () => {
  test('that is decided and fits together is not refused, and has the notes of its version alone', () => {
    expect(releaseProblems(READY)).toEqual([]);
    expect(sectionOf(CHANGELOG, '0.2.0')).toBe('### Changes\n\n- **Map**: a change.');
    expect(sectionOf(CHANGELOG, '0.1.0')).toBe('- **Path**: all of it.');
  });

  const { manifest } = READY;

  test.each<[string, Partial<Release>, RegExp]>([
    [
      'that nobody has decided on',
      { manifest: { ...manifest, private: true } },
      /^Nothing is published until a person/,
    ],
    [
      'without a repository',
      { manifest: { name: 'an-adapter', version: '0.2.0' } },
      /\(none\): set "repository": \{ "type": "git", "url": "git\+https:\/\/github\.com\/ann\/an-adapter\.git" \}/,
    ],
    ['of another repository', { repository: 'bob/an-adapter' }, /github\.com\/bob\/an-adapter/],
    ['by the tag of another version', { tag: 'v0.2.1' }, /^The tag v0\.2\.1 is not v0\.2\.0/],
    [
      'whose section says that it is unreleased',
      { manifest: { ...manifest, version: '0.3.0' }, tag: 'v0.3.0' },
      /no section "## 0\.3\.0"/,
    ],
    [
      'without a section, though that of another version begins like it',
      { manifest: { ...manifest, version: '0.2' }, tag: 'v0.2' },
      /no section "## 0\.2"/,
    ],
    [
      'with an npm that needs a token',
      { userAgent: 'npm/11.5.0 node/v24.0.0' },
      /^npm 11\.5\.0 cannot publish/,
    ],
  ])('%s is refused with what to do', (_, change, problem) => {
    expect(releaseProblems({ ...READY, ...change })).toEqual([expect.stringMatching(problem)]);
  });

  test('by npm 11.10.0 is not refused: 10 is more than 5', () => {
    expect(releaseProblems({ ...READY, userAgent: 'npm/11.10.0' })).toEqual([]);
  });
});

describe('the workflow that publishes', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { jobs } = parse(readFileSync(`${root}/.github/workflows/release.yml`, 'utf8'));

  test('asks first whether it may, and publishes behind that and the tests alone', () => {
    const ready = jobs.ready.steps.map(({ run }: { readonly run?: string }) => run);

    expect(ready).toContain('npm run --silent release-notes -- "$GITHUB_REF_NAME"');
    expect(jobs.test.needs).toBe('ready');
    expect(jobs.publish.needs).toBe('test');
    const others = JSON.stringify({ ready: jobs.ready, test: jobs.test });
    expect(others).not.toMatch(/publish|write/);
  });

  test('is refused by the command that it runs, as long as package.json is private', () => {
    const run = () =>
      execFileSync(process.execPath, ['bin/release-notes.ts', 'v0.0.0'], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '', GITHUB_REPOSITORY: 'ann/an-adapter' },
      });

    expect(run).toThrow(/The tag v0\.0\.0 is not v/);
  });
});
