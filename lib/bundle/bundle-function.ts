import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/** Replaces the SDK's search for credentials, and its search for settings in files. */
const REPLACEMENT = fileURLToPath(new URL('../../lambdas/adapters/sdk.ts', import.meta.url));

/** Leaves out what the AWS SDK needs only outside Lambda. All that stays is the SDK's own code. */
const leanSdk: Plugin = {
  name: 'lean-sdk',
  setup: ({ onLoad, onResolve }) => {
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path: REPLACEMENT }));
    onResolve({ filter: /\/fromSharedConfigFiles$/ }, () => ({ path: REPLACEMENT }));
    // A client only reads its version there.
    onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/** Our own code for webhooks that fail or that few vendors send, by the chunk that it becomes. */
const LAZY: Readonly<Record<string, string>> = {
  './form-body.cjs': 'form-body.ts',
  './diagnosis.cjs': 'ingest/signature/diagnosis.ts',
  './failure-answer.cjs': 'ingest/failure-answer.ts',
  './handshake-answer.cjs': 'ingest/handshake-answer.ts',
  './unpack.cjs': 'ingest/unpack.ts',
  './plug-ins.cjs': 'ingest/signature/plug-ins/plug-ins.ts',
  './functions.cjs': 'map/functions.ts',
  './mask.cjs': 'deliver/event-api/mask.ts',
  './jwt.cjs': 'ingest/signature/plug-ins/jwt.ts',
};

/**
 * What a cold start does not load, by the file beside the bundle that it becomes: what only some mappings or failing webhooks
 * need, or (the SDK's event streams) no call that is made here.
 */
const CHUNKS: Readonly<Record<string, string>> = {
  './jsonata.cjs': 'jsonata',
  './libphonenumber.cjs': 'libphonenumber-js/min',
  './event-streams.cjs': '@smithy/core/event-streams',
  ...Object.fromEntries(Object.entries(LAZY).map(([file, source]) => [file, pathOf(source)])),
};

/** Of Node itself: what compresses a body, which is needed once in a million. */
const ZLIB = ['gzipSync', 'gunzipSync'];

/** Has the chunks, and Node's compression, loaded by the first call of one of their functions. */
const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup: ({ onLoad, onResolve }) => {
    for (const [file, module] of Object.entries(CHUNKS)) {
      const filter = exactly(module);
      onResolve({ filter }, () => ({ path: file, external: true }));
      onLoad({ filter }, () => ({
        contents: namesIn(module)
          .map((name) => forward(name, file))
          .join('\n'),
      }));
    }
    onResolve({ filter: /^node:zlib$/ }, ({ path, namespace }) =>
      namespace === 'file' ? { path, namespace: 'lazy' } : undefined,
    );
    onLoad({ filter: /^node:zlib$/, namespace: 'lazy' }, ({ path }) => ({
      contents: ZLIB.map((name) => forward(name, path)).join('\n'),
    }));
  },
};

/** A path on Windows has backslashes. esbuild reads the pattern as Go does, so that not every escape of JavaScript's will do. */
export function exactly(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);
}

function pathOf(source: string): string {
  return fileURLToPath(new URL(`../../lambdas/${source}`, import.meta.url));
}

/** The functions that a file exports; only functions can be used before the file is loaded. */
function namesIn(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^export (?:async )?function (\w+)/gm)].map(
    ([, name = '']) => name,
  );
}

function forward(name: string, module: string): string {
  return `export const ${name} = (...given) => require(${JSON.stringify(module)}).${name}(...given);`;
}

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
    // No request or answer here has such a body, and even a mention of them would have Node load them.
    ReadableStream: 'undefined',
    Blob: 'undefined',
  },
} satisfies BuildOptions;

/**
 * Writes all code of a function into a directory: the bundle, its entry, and those chunks that it may load. The bundle is
 * CommonJS, which starts faster than an ES module as soon as it holds the AWS SDK. Gives back the files that it is made of, by
 * their path from the current directory.
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
