import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type * as z from 'zod';
import { CATALOGUE_FILE } from '../../lambdas/adapters/catalogue.ts';

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
  else for (const [file, code] of bundleOnce(entry)) writeFileSync(join(directory, file), code);
}

type Files = ReadonlyMap<string, Buffer>;

const bundled = new Map<string, Files>();

/** An app has several stacks, whose functions differ by their catalogues only. */
function bundleOnce(entry: string): Files {
  const known = bundled.get(entry);
  if (known !== undefined) return known;
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-bundle-'));
  bundleInProcess(entry, directory);
  const files = new Map(readdirSync(directory).map((file) => [file, readFileSync(join(directory, file))]));
  rmSync(directory, { recursive: true });
  bundled.set(entry, files);
  return files;
}

const BUNDLER = new URL('bundle-function.ts', import.meta.url).href;

/** A process of its own: constructs cannot wait, and esbuild's plugins cannot be had without. */
function bundleInProcess(entry: string, directory: string): void {
  const script = `
    import { bundleHandler } from ${JSON.stringify(BUNDLER)};
    await bundleHandler(...process.argv.slice(1));`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script, entry, directory], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
