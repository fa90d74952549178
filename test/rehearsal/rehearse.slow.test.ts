import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

function runRehearse(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: { ...process.env, NO_COLOR: '1' } };
    execFile(process.execPath, ['rehearsal/rehearse.ts', ...args], options, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe('npm run rehearse', () => {
  test('accounts for every event of a short script, by itself', async () => {
    const { code, stdout, stderr } = await runRehearse('--events', '60', '--seed', '1', '--json');

    const score = JSON.parse(stdout);
    expect(score).toMatchObject({
      ok: true,
      seed: 1,
      webhooks: 60,
      lost: 0,
      duplicated: 0,
      sentThoughParked: 0,
      waiting: 0,
      wrong: [],
      leaks: [],
    });
    expect(code).toBe(0);
    expect(score.delivered).toBeGreaterThan(10);
    expect(stderr).toContain('webhooks sent');
  }, 300_000);

  test.each([
    [['--events', '0'], 'expected a whole number from 1'],
    [['--seed', 'x'], 'expected a whole number from 0'],
    [['--speed', '1'], 'expected a whole number from 20'],
    [['--colour'], "unknown option '--colour'"],
  ])('refuses %j with 2', async (args, message) => {
    const { code, stdout, stderr } = await runRehearse(...args);

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  test('shows its flags for --help', async () => {
    const { code, stdout } = await runRehearse('--help');

    expect(code).toBe(0);
    expect(stdout).toContain('--seed <number>');
  });
});
