import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS } from '../../lib/bundle/bundle-function.ts';

/** The real code with a line of it replaced. */
export type Mutant = {
  readonly function: 'ingest' | 'deliver';
  /** The file that is changed, from `lambdas/`. */
  readonly file: string;
  readonly changes: readonly (readonly [from: string, to: string])[];
};

const atLambdas = (path: string) => fileURLToPath(new URL(`../../lambdas/${path}`, import.meta.url));

/** Bundles a function as it is deployed, but for the changes; a change that finds nothing to change is an error. */
export async function bundleMutant(
  { function: stage, file, changes }: Mutant,
  outfile: string,
): Promise<void> {
  const path = atLambdas(file);
  const contents = changes.reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${file} has no "${from}" to change.`);
      return text.replace(from, to);
    },
    readFileSync(path, 'utf8'),
  );
  await build({
    ...BUNDLE_OPTIONS,
    entryPoints: [atLambdas(`${stage}/handler.ts`)],
    outfile,
    plugins: [
      {
        name: 'mutant',
        setup: (plugins) => {
          plugins.onLoad({ filter: /\.ts$/ }, (loaded) =>
            loaded.path === path ? { contents, loader: 'ts' } : undefined,
          );
        },
      },
      ...BUNDLE_OPTIONS.plugins,
    ],
  });
}
