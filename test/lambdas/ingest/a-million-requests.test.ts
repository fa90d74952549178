import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('./a-million-requests.ts', import.meta.url));

test('of ten thousand generated requests none is forged, none wrongly refused, and none throws', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [SCRIPT, '10000', String(Date.now() % 1e6)],
    {
      encoding: 'utf8',
    },
  );

  expect([status, stderr]).toEqual([0, '']);
  const { counts } = JSON.parse(stdout);
  expect(counts).toMatchObject({ requests: 10_000, forged: 0, rejected: 0, thrown: 0 });
  expect(counts.accepted).toBe(counts.genuine);
  expect(counts.accepted).toBeGreaterThan(500);
});
