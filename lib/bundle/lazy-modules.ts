import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

/** Our own code for webhooks that fail, by the file beside the bundle that it becomes. */
const LAZY: Readonly<Record<string, string>> = {
  './explain-mismatch.cjs': 'ingest/explain-mismatch.ts',
  './verification-advice.cjs': 'ingest/verification-advice.ts',
  './signature-plug-ins.cjs': 'ingest/signature-plug-ins/plug-in-of.ts',
};

/**
 * What a cold start does not read, by the file beside the bundle that it becomes: what some mappings need, or webhooks that
 * fail, or (the SDK's event streams) no call that is made here.
 */
export const CHUNKS: Readonly<Record<string, string>> = {
  './jsonata.cjs': 'jsonata',
  './libphonenumber.cjs': 'libphonenumber-js/min',
  './event-streams.cjs': '@smithy/core/event-streams',
  ...Object.fromEntries(Object.entries(LAZY).map(([file, source]) => [file, pathOf(source)])),
};

/** Of Node itself: what compresses a body, one in a million. */
const ZLIB = ['gzipSync', 'gunzipSync'];

/** Has the chunks, and Node's compression, loaded by the first call of one of their functions. */
export const lazyModules: Plugin = {
  name: 'lazy-modules',
  setup: ({ onLoad, onResolve }) => {
    for (const [file, module] of Object.entries(CHUNKS)) {
      onResolve({ filter: new RegExp(`^${module}$`) }, () => ({ path: file, external: true }));
      onLoad({ filter: new RegExp(`^${module}$`) }, () => ({
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

function pathOf(source: string): string {
  return fileURLToPath(new URL(`../../lambdas/${source}`, import.meta.url));
}

/** The functions that a file of ours exports; nothing else can be had before the file is loaded. */
function namesIn(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^export function (\w+)/gm)].map(([, name = '']) => name);
}

function forward(name: string, module: string): string {
  return `export const ${name} = (...given) => require(${JSON.stringify(module)}).${name}(...given);`;
}
