import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stop } from 'esbuild';
import { bundleHandler } from '../../../lib/bundle/bundle-function.ts';

type Bundle = {
  readonly inputs: readonly string[];
  readonly files: readonly string[];
  readonly code: string;
};

const bundles = new Map<string, Bundle>();
const directories: string[] = [];

beforeAll(async () => {
  for (const stage of ['ingest', 'deliver']) {
    const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bundle-'));
    directories.push(directory);
    const entry = fileURLToPath(new URL(`../../../lambdas/${stage}/handler.ts`, import.meta.url));
    const inputs = await bundleHandler(entry, directory);
    const code = readFileSync(join(directory, 'bundle.cjs'), 'utf8');
    bundles.set(stage, { inputs, files: readdirSync(directory), code });
  }
});
afterAll(async () => {
  await stop();
  for (const directory of directories) rmSync(directory, { recursive: true });
});

describe('a bundle', () => {
  test.each([
    [
      'ingest',
      [
        'diagnosis',
        'event-streams',
        'failure-answer',
        'form-body',
        'handshake-answer',
        'jwt',
        'plug-ins',
        'unpack',
      ],
    ],
    ['deliver', ['event-streams', 'form-body', 'functions', 'jsonata', 'libphonenumber', 'mask']],
  ])('of %s has these chunks beside it: %s', (stage, chunks) => {
    const expected = ['bundle.cjs', 'index.mjs', ...chunks.map((name) => `${name}.cjs`)];

    expect(bundles.get(stage)?.files).toEqual(expected.sort());
  });

  test.each(['ingest', 'deliver'])('of %s loads no module of Node that it may never need', (stage) => {
    const { code = '' } = bundles.get(stage) ?? {};

    expect(code).toContain('require("node:crypto")');
    expect(code).not.toMatch(/node:fs\/promises|\bReadableStream\b/);
    // Within a function, so that it is loaded when that is called.
    expect(code).not.toMatch(/=require\("node:zlib"\)/);
  });

  test.each(['ingest', 'deliver'])('of %s has our own file for what the SDK would search for', (stage) => {
    const { inputs = [] } = bundles.get(stage) ?? {};

    expect(inputs).toContain('lambdas/adapters/sdk.ts');
    expect(inputs.filter((input) => /credential-provider-(?!env)/.test(input))).toEqual([]);
  });
});
