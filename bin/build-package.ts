import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleHandler } from '../lib/bundle/bundle-function.ts';
import { builtBundleOf } from '../lib/bundle/function-bundle.ts';
import { BUILT_SCHEMAS, newestShopifySchemas } from '../lib/map/published-schemas.ts';
import { noticesOf } from './third-party-notices.ts';

// Makes `dist/`, which is what `npm pack` packs: JavaScript with types, the handlers' bundles, and the files that the
// code reads. Everything lies in it as in the repository.

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const HANDLERS = ['lambdas/ingest/handler.ts', 'lambdas/deliver/handler.ts'];
const READ_BY_CODE = ['samples/manifest.json', 'samples/README.md', 'samples/payloads'];

rmSync(DIST, { recursive: true, force: true });
execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
for (const handler of HANDLERS) await bundle(handler);
for (const path of READ_BY_CODE) cpSync(join(ROOT, path), join(DIST, path), { recursive: true });
cpSync(newestShopifySchemas() ?? '', join(DIST, 'lib/map', BUILT_SCHEMAS), { recursive: true });

/** Bundles a handler, and writes beside the bundle whose work is in it. */
async function bundle(handler: string): Promise<void> {
  const directory = builtBundleOf(join(DIST, handler));
  const files = await bundleHandler(join(ROOT, handler), directory);
  writeFileSync(`${directory}.NOTICE.txt`, noticesOf(files, process.cwd()));
}
