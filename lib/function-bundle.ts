import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { type BuildOptions, buildSync } from 'esbuild';
import { CATALOGUE_FILE } from '../lambdas/adapters/catalogue.ts';

/** The file that Lambda loads. */
export const BUNDLE_FILE = 'index.js';

/** How every handler is bundled. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  mainFields: ['module', 'main'] as string[],
  minify: true,
  keepNames: true,
  define: { 'import.meta.dirname': '__dirname' },
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Bundles a handler, with its part of the mapping folders beside it, and gives it to `use` as Lambda code.
 * The bundle is CommonJS, which starts faster than an ES module as soon as it holds the AWS SDK.
 * @param entry path of the `handler.ts`
 * @param catalogue the entries that the function reads at its cold start
 */
export function withFunctionBundle<Used>(
  entry: string,
  catalogue: readonly object[],
  use: (code: Code) => Used,
): Used {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bundle-'));
  try {
    buildSync({ ...BUNDLE_OPTIONS, entryPoints: [entry], outfile: join(directory, BUNDLE_FILE) });
    writeFileSync(join(directory, CATALOGUE_FILE), JSON.stringify(catalogue, null, 2));
    // CDK copies the files when the function is constructed.
    return use(Code.fromAsset(directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
