import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { CHUNKS, lazyModules } from './lazy-modules.ts';
import { leanSdk } from './lean-sdk.ts';

/** The file with the handler and all that it needs at once. */
export const BUNDLE_FILE = 'bundle.cjs';

/** What Lambda loads: it waits until the function is ready, which a CommonJS file cannot do. */
export const ENTRY = fileURLToPath(new URL('function-entry.mjs', import.meta.url));
/** Its name beside the bundle. */
export const ENTRY_FILE = 'index.mjs';

const OPTIONS = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  mainFields: ['module', 'main'] as string[],
  minify: true,
  // A chunk is read by `require`: an import would start the loader of ES modules for it.
  supported: { 'dynamic-import': false },
  legalComments: 'none',
  logLevel: 'warning',
} as const;

/** How every handler is bundled. */
export const BUNDLE_OPTIONS = {
  ...OPTIONS,
  plugins: [leanSdk, lazyModules],
  external: Object.keys(CHUNKS),
  define: {
    'import.meta.dirname': '__dirname',
    // No body of a request or an answer is one of these here. Only to ask for them would have Node load them.
    ReadableStream: 'undefined',
    Blob: 'undefined',
  },
} satisfies BuildOptions;

/**
 * Writes all code of a function into a directory: the bundle, its entry, and those chunks that it may load. The bundle is
 * CommonJS, which starts faster than an ES module as soon as it holds the AWS SDK. Tells which files it is made of, by their
 * path from where this runs.
 * @param entry path of the `handler.ts`
 */
export async function bundleHandler(entry: string, directory: string): Promise<readonly string[]> {
  const write = (options: BuildOptions, source: string, file: string) =>
    writeCode(options, source, join(directory, file));

  const bundle = await write(BUNDLE_OPTIONS, entry, BUNDLE_FILE);
  const chunks = Object.entries(CHUNKS).filter(([file]) => bundle.imports.includes(file));
  const written = await Promise.all(chunks.map(([file, module]) => write(OPTIONS, module, file)));
  copyFileSync(ENTRY, join(directory, ENTRY_FILE));
  return [bundle, ...written].flatMap(({ inputs }) => inputs);
}

type Written = { readonly inputs: readonly string[]; readonly imports: readonly string[] };

async function writeCode(options: BuildOptions, source: string, outfile: string): Promise<Written> {
  const { metafile } = await build({ ...options, entryPoints: [source], outfile, metafile: true });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return { inputs: Object.keys(metafile.inputs), imports: imports.map(({ path }) => path) };
}
