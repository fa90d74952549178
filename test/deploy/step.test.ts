import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { runSteps, type Step } from './step.ts';

const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-step-'));
const resultsFile = join(directory, 'results.json');
const signal = new AbortController().signal;

beforeAll(() => void jest.spyOn(process.stdout, 'write').mockReturnValue(true));
afterAll(() => {
  jest.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

const pass: Step = { title: 'passes', run: async ({ prove }) => prove('it holds', true) };
const fail: Step = { title: 'fails', run: async ({ prove }) => prove('it holds', false) };

describe('the steps of the deploy', () => {
  test('count as passed where all that they prove holds', async () => {
    expect(await runSteps([pass, pass], { signal, resultsFile })).toEqual({ passed: 2, failed: 0 });
    expect(JSON.parse(readFileSync(resultsFile, 'utf8'))).toEqual({ passed: 2, failed: 0 });
  });

  test('end with the first that fails, and those never reached have failed with it', async () => {
    expect(await runSteps([pass, fail, pass], { signal, resultsFile })).toEqual({ passed: 1, failed: 2 });
    expect(JSON.parse(readFileSync(resultsFile, 'utf8'))).toEqual({ passed: 1, failed: 2 });
  });

  test('have failed before they begin: what is killed leaves that behind', async () => {
    const look: Step = {
      title: 'looks',
      run: async ({ prove }) =>
        prove('failed so far', readFileSync(resultsFile, 'utf8') === '{"passed":0,"failed":1}'),
    };

    expect(await runSteps([look], { signal, resultsFile })).toEqual({ passed: 1, failed: 0 });
  });

  test('end when their time is up, though a step never does', async () => {
    const ending = new AbortController();
    const hang: Step = { title: 'hangs', run: () => new Promise(() => ending.abort(new Error('late'))) };

    expect(await runSteps([hang], { signal: ending.signal, resultsFile: undefined })).toEqual({
      passed: 0,
      failed: 1,
    });
  });
});

describe("CI's count", () => {
  const tests = (passed: number, failed: number, unloaded = 0) =>
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      numRuntimeErrorTestSuites: unloaded,
    });
  const deploy = (passed: number, failed: number) => JSON.stringify({ passed, failed });

  test.each([
    ['adds up all suites', '0', [tests(5, 1, 1), tests(2, 0), deploy(3, 2)], '10 passed, 4 failed', 1],
    [
      'is green where nothing has failed',
      '0',
      [tests(5, 0), tests(2, 0), deploy(3, 0)],
      '10 passed, 0 failed',
      0,
    ],
    ['has a suite that has not begun as failed', '0', [tests(5, 0), '', ''], '5 passed, 2 failed', 1],
    ['has a suite without tests as failed', '0', [tests(0, 0), deploy(3, 0)], '3 passed, 1 failed', 1],
    ['has a suite that was cut off as failed', '0', [tests(5, 0).slice(0, -3)], '0 passed, 1 failed', 1],
    ['is red where another step has failed', '1', [tests(5, 0)], '5 passed, 0 failed', 1],
  ])('%s', async (_, failedSteps, results, line, exitCode) => {
    const files = results.map((result, index) => {
      const file = join(directory, `suite-${index}.json`);
      writeFileSync(file, result);
      return file;
    });
    const ended = await new Promise((resolve) =>
      execFile(process.execPath, ['.ci/count.ts', failedSteps, ...files], (error, stdout) =>
        resolve([stdout.trim(), error?.code ?? 0]),
      ),
    );

    expect(ended).toEqual([line, exitCode]);
  });
});
