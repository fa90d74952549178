import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
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
} as const;

/**
 * Gives a handler's bundle, with its part of the mapping folders beside it, to `use` as Lambda code.
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
    writeBundle(entry, directory);
    writeFileSync(join(directory, CATALOGUE_FILE), JSON.stringify(catalogue, null, 2));
    // CDK copies the files when the function is constructed.
    return use(Code.fromAsset(directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Where the package has a handler's bundle: in the place of its source. */
export function builtBundleOf(entry: string): string {
  return entry.replace(/\.ts$/, '.bundle');
}

/** The package brings its bundles, built by `bundleHandler` as well; a clone makes them at every synth. */
function writeBundle(entry: string, directory: string): void {
  const built = builtBundleOf(entry);
  if (existsSync(built)) cpSync(built, directory, { recursive: true });
  else bundleHandler(entry, directory);
}

/**
 * Writes all code of a function into a directory, and tells which files it is made of, by their path from where this runs.
 * @param entry path of the `handler.ts`
 */
export function bundleHandler(entry: string, directory: string): readonly string[] {
  // Not among the imports: whoever has the package has no esbuild.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const outfile = join(directory, BUNDLE_FILE);
  const { metafile } = buildSync({ ...BUNDLE_OPTIONS, entryPoints: [entry], outfile, metafile: true });
  return Object.keys(metafile.inputs);
}
