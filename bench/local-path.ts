import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CATALOGUE_FILE } from '../lambdas/adapters/catalogue.ts';
import { LOCAL_STACK } from '../lib/stages/synthesize.ts';
import { readTemplate } from '../local/emulator/template.ts';
import { type LocalRun, type Observer, startLocalRun } from '../local/run.ts';
import { SECRETS } from './events.ts';
import { writeSources } from './many-sources.ts';

const MAPPINGS = fileURLToPath(new URL('mappings', import.meta.url));

/** Starts the whole path on this machine, as `npm start` runs it, with what is measured. Throws if it does not start. */
export async function startPath(observer: Observer): Promise<LocalRun> {
  const settings = { port: 0, speed: 1, mappings: MAPPINGS, readSecrets: () => SECRETS };
  const run = await startLocalRun(settings, observer);
  if (!run.ok) throw new Error(run.failure);
  return run.value;
}

/**
 * Has the functions of a running path start anew with so many mapping folders: their catalogues are all that depends on it.
 * The synth itself takes no more than some hundred folders, as no stack may have more than 500 resources.
 */
export async function giveSources({ assembly, stack }: LocalRun, sources: number): Promise<void> {
  const { assets } = await readTemplate(assembly, LOCAL_STACK);
  for (const directory of assets.values()) {
    if (!existsSync(join(directory, CATALOGUE_FILE))) continue;
    writeSources(directory, sources, (_, measured) => measured);
  }
  await stack.renewFunctions();
}
