import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLE_FILE, BUNDLE_OPTIONS } from '../../lib/bundle/bundle-function.ts';
import { LOCAL_STACK } from '../../lib/stages/synthesize.ts';
import { readTemplate } from '../../local/emulator/template.ts';
import type { LocalRun } from '../../local/run.ts';

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

/** Runs `work` with the mutant in the place of its function, and then puts the function back. */
export async function withMutant<Seen>(
  run: LocalRun,
  mutant: Mutant,
  work: () => Promise<Seen>,
): Promise<Seen> {
  const { directory, name } = await findFunction(run, mutant.function);
  const file = join(directory, BUNDLE_FILE);
  const original = await readFile(file);
  try {
    await bundleMutant(mutant, file);
    await run.stack.killWorkers(name);
    return await work();
  } finally {
    await writeFile(file, original);
    await run.stack.killWorkers(name);
  }
}

/** Where the code of a stage's function lies in the assembly that runs. */
async function findFunction(
  run: LocalRun,
  stage: Mutant['function'],
): Promise<{ readonly directory: string; readonly name: string }> {
  const { Resources, assets } = await readTemplate(run.assembly, LOCAL_STACK);
  const name = stage === 'ingest' ? 'Ingest' : 'Deliver';
  const [, resource] = Object.entries(Resources).find(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.includes(name),
  ) ?? ['', undefined];
  const key: string = Object(resource?.Properties).Code.S3Key;
  return { directory: assets.get(key.replace(/\.zip$/, '')) ?? '', name };
}
