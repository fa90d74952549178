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

/** The text of the mutant's file with its changes. Throws where it does not have the text that is to be changed. */
export function mutate({ file, changes }: Pick<Mutant, 'file' | 'changes'>): string {
  return changes.reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${file} has no "${from}" to change.`);
      return text.replace(from, to);
    },
    readFileSync(atLambdas(file), 'utf8'),
  );
}

/** Bundles a function as it is deployed, but for the mutant's changes. */
export async function bundleMutant(mutant: Mutant, outfile: string): Promise<void> {
  const path = atLambdas(mutant.file);
  const contents = mutate(mutant);
  await build({
    ...BUNDLE_OPTIONS,
    entryPoints: [atLambdas(`${mutant.function}/handler.ts`)],
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
