import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const packageSchema = z.object({ name: z.string(), version: z.string(), license: z.string() });

/**
 * Whose packages a bundle holds, each with its licence: MIT and Apache-2.0 want it to come along. Packages that have the
 * same text share it.
 * @param inputs the bundled files, by their path from the root
 */
export function noticesOf(inputs: readonly string[], root: string): string {
  const folders = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []);
  const notices = [...new Set(folders)].sort().map((folder) => readNotice(join(root, folder)));
  const byText = Map.groupBy(notices, ({ text }) => text);
  return [...byText]
    .map(([text, those]) => `${those.map(({ title }) => title).join('\n')}\n\n${text}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function readNotice(folder: string): { readonly title: string; readonly text: string } {
  const { name, version, license } = packageSchema.parse(
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
  );
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)(\.|$)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { title: `${name} ${version} (${license})`, text: texts.join('\n\n') };
}
