import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun } from './run-command.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL('./requirements.txt', import.meta.url));

/** The directory with the programs of the private Python environment, and whether it had to be made. */
export type PythonEnvironment = { readonly programs: string; readonly isNew: boolean };

/**
 * A private Python environment with exactly what requirements.txt names, every file checked against its hash. It is kept
 * in `.cache`, under the hash of that file: other requirements are another environment.
 */
export async function installPythonEnvironment(signal: AbortSignal): Promise<PythonEnvironment> {
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const directory = join(ROOT, '.cache', `python-${hash}`);
  const programs = join(directory, 'bin');
  // Written last: an installation that was interrupted is begun anew.
  const complete = join(directory, 'complete');
  if (existsSync(complete)) return { programs, isNew: false };

  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  // pip needs what this machine says of proxies and certificates; what comes in is held against the hashes.
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value = '']) => [[name, value]]),
  );
  const settings = { cwd: ROOT, env, signal };
  await mustRun("python3 -c 'import sys; assert sys.version_info >= (3, 11), sys.version'", settings);
  await mustRun(`python3 -m venv '${directory}'`, settings);
  await mustRun(
    `'${programs}/pip' install --quiet --no-input --disable-pip-version-check --require-hashes --only-binary :all: -r '${REQUIREMENTS}'`,
    settings,
  );
  mkdirSync(complete);
  return { programs, isNew: true };
}
