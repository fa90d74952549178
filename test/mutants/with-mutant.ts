import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleMutant, type Mutant } from '../../bench/sections/functions.ts';
import { BUNDLE_FILE } from '../../lib/bundle/bundle-function.ts';
import { LOCAL_STACK } from '../../lib/stages/synthesize.ts';
import { readTemplate } from '../../local/emulator/template.ts';
import type { LocalRun } from '../../local/run.ts';

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
