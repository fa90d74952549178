import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { report } from '../../../cli/webhooks/report.ts';
import { SIX_SOURCES } from '../../fixtures/six-sources.ts';
import { type AccountServer, startAccountServer } from '../account-server.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROJECT = { mappings: SIX_SOURCES, stagesFile: 'none.yaml' };

/** Minutes ago, by the line's own clock. */
function line(minutesAgo: number, id: string, fields: object = {}): string {
  const about = { stage: 'deliver', source: 'stripe', event: 'payment-failed', deduplicationId: id };
  const end = { outcome: 'delivered', code: 'delivered', attempts: 1 };
  return JSON.stringify({
    _aws: { Timestamp: Date.now() - minutesAgo * 60_000 },
    ...about,
    ...end,
    ...fields,
  });
}

const many = (minutesAgo: number, fields: object = {}) =>
  Array.from({ length: 30 }, (_, index) => line(minutesAgo, `${minutesAgo}-${index}`, fields));

let lines: readonly string[] = [];
let server: AccountServer;
beforeAll(async () => {
  server = await startAccountServer(() => ({
    deadLetter: { body: '', attributes: {} },
    items: [],
    secret: '',
    lines,
    answer: '',
  }));
});
afterAll(() => server.stop());

const HOUR = 3_600;

describe('adapter report', () => {
  test('reports on the local run, from its log and the mappings', async () => {
    lines = many(10);
    const { text, exitCode } = await report(PROJECT, { port: server.port, since: HOUR, format: 'markdown' });

    expect(exitCode).toBe(0);
    expect(text).toContain('| payment-failed | 30 |');
    expect(text).toContain('30 were read');
  });

  test.each([
    ['fell', many(50), many(10, { missing: 'name' }), 1],
    ['rose', many(50, { missing: 'name' }), many(10), 0],
    ['stayed', many(50), many(10), 0],
  ] as const)(
    'with --fail-on fill-rate where a fill rate %s ends with its code',
    async (_, before, after, code) => {
      lines = [...before, ...after];
      const options = { port: server.port, since: HOUR, format: 'json' } as const;

      expect(await report(PROJECT, { ...options, failOn: ['fill-rate'] })).toMatchObject({ exitCode: code });
      expect(await report(PROJECT, options)).toMatchObject({ exitCode: 0 });
    },
  );

  test('says what it lacks where the mappings cannot be read', async () => {
    const { text } = await report(
      { ...PROJECT, mappings: 'none' },
      { port: server.port, since: HOUR, format: 'markdown' },
    );

    expect(text).toContain('The mappings cannot be read');
  });

  test('says so where nothing runs', async () => {
    expect(await report(PROJECT, { port: 1, since: HOUR, format: 'csv' })).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining('Nothing answers at'),
    });
  });

  test.each([
    [['--fail-on', 'fill-rates'], 'expected one of: fill-rate'],
    [['--fail-on', ''], 'expected one of: fill-rate'],
    [['--format', 'pdf'], 'Allowed choices are markdown, csv, json, html'],
    [['--since', 'yesterday'], 'expected a duration'],
  ])('refuses %j with 2', async (args, message) => {
    const ended = await new Promise<readonly unknown[]>((resolve) =>
      execFile(
        process.execPath,
        ['cli/adapter.ts', 'report', ...args],
        { cwd: ROOT },
        (error, stdout, stderr) => resolve([error?.code, stdout, stderr]),
      ),
    );

    expect(ended).toEqual([2, '', expect.stringContaining(message)]);
  });
});
