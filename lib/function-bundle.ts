import { copyFileSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { BuildOptions } from 'esbuild';
import type * as z from 'zod';
import { CATALOGUE_FILE } from '../lambdas/adapters/catalogue.ts';

/** The file with the handler and all that it needs at once. */
export const BUNDLE_FILE = 'bundle.cjs';

/** What Lambda loads: it waits until the function is ready, which a CommonJS file cannot do. */
const ENTRY = fileURLToPath(new URL('function-entry.mjs', import.meta.url));
const ENTRY_FILE = 'index.mjs';

/**
 * What is imported when it is needed, by some mappings or (the SDK's event streams) by no call that is made here, lies in
 * files of its own: a cold start reads none of them.
 */
const CHUNKS = {
  jsonata: './jsonata.cjs',
  'libphonenumber-js/min': './libphonenumber.cjs',
  '@smithy/core/event-streams': './event-streams.cjs',
};

const CREDENTIALS = fileURLToPath(new URL('../lambdas/adapters/lambda-credentials.ts', import.meta.url));

const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  mainFields: ['module', 'main'] as string[],
  minify: true,
  // A chunk is read by `require`: an import would start the loader of ES modules for it.
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
} as const;

/** How every handler is bundled. */
export const BUNDLE_OPTIONS = {
  ...OPTIONS,
  alias: { ...CHUNKS, '@aws-sdk/credential-provider-node': CREDENTIALS },
  external: Object.values(CHUNKS),
  define: { 'import.meta.dirname': '__dirname' },
} satisfies BuildOptions;

/** The entries that a function reads at its cold start, and what they have to be. */
export type Catalogue = { readonly schema: z.ZodType; readonly entries: readonly object[] };

/**
 * Gives a handler's bundle, with its part of the mapping folders beside it, to `use` as Lambda code. Throws if the
 * catalogue is not what the function is to find: it is not checked again at run time.
 * @param entry path of the `handler.ts`
 */
export function withFunctionBundle<Used>(
  entry: string,
  { schema, entries }: Catalogue,
  use: (code: Code) => Used,
): Used {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bundle-'));
  try {
    writeBundle(entry, directory);
    const catalogue = entries.map((each) => schema.parse(each));
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
 * Writes all code of a function into a directory: the bundle, its entry, and those chunks that it may load. The bundle is
 * CommonJS, which starts faster than an ES module as soon as it holds the AWS SDK. Tells which files it is made of, by their
 * path from where this runs.
 * @param entry path of the `handler.ts`
 */
export function bundleHandler(entry: string, directory: string): readonly string[] {
  // Not among the imports: whoever has the package has no esbuild.
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const build = (options: BuildOptions, source: string, file: string) =>
    buildSync({ ...options, entryPoints: [source], outfile: join(directory, file), metafile: true }).metafile;

  const { inputs, outputs } = build(BUNDLE_OPTIONS, entry, BUNDLE_FILE);
  const imported = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const chunks = Object.entries(CHUNKS).filter(([, file]) => imported.includes(file));
  const chunkInputs = chunks.flatMap(([name, file]) => Object.keys(build(OPTIONS, name, file).inputs));
  copyFileSync(ENTRY, join(directory, ENTRY_FILE));
  return [...Object.keys(inputs), ...chunkInputs];
}
