import { fileURLToPath } from 'node:url';
import { type LocalRun, type Observer, startLocalRun } from '../local/local-run.ts';
import { SECRETS } from './events.ts';

const MAPPINGS = fileURLToPath(new URL('mappings', import.meta.url));

/** Starts the whole path on this machine, as `npm start` runs it, with what is measured. Throws if it does not start. */
export async function startPath(observer: Observer): Promise<LocalRun> {
  const settings = { port: 0, speed: 1, mappings: MAPPINGS, readSecrets: () => SECRETS };
  const run = await startLocalRun(settings, observer);
  if (!run.ok) throw new Error(run.failure);
  return run.value;
}
