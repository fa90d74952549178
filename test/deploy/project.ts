import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foldersOf } from '../../lib/mapping/folders.ts';
import { SIX_SOURCES } from '../fixtures/six-sources.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A clone of the project, as a user has it: what is edited there is edited nowhere else. */
export type Project = {
  readonly directory: string;
  readonly append: (file: string, text: string) => void;
  readonly replace: (file: string, old: string, text: string) => void;
};

/** The stages of a project that nobody has deployed yet. */
const STAGES = 'local:\n  event-url: http://127.0.0.1:8788/campaignapi/resources/v3/events\n';

/** The sources of the tests: of Stripe's, one is mended by its examples. */
const SOURCES = [SIX_SOURCES, fileURLToPath(new URL('../fixtures/mappings/ten-minutes', import.meta.url))];

/** git lists what was removed without telling it, too. */
function isThere(file: string): boolean {
  return file !== '' && existsSync(join(ROOT, file));
}

function putOwnSources(directory: string): void {
  const mappings = join(directory, 'mappings');
  for (const folder of foldersOf(mappings)) rmSync(join(mappings, folder), { recursive: true });
  for (const sources of SOURCES) cpSync(sources, mappings, { recursive: true });
  rmSync(join(directory, 'webex-events.yaml'), { force: true });
  writeFileSync(join(directory, 'stages.yaml'), STAGES);
}

/**
 * Copies all that belongs to the project into a directory, which shares the installed packages. Its sources and stages are
 * of the tests: in a clone they are its user's, whatever they are.
 */
export function cloneProject(directory: string): Project {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
  });
  for (const file of files.toString('utf8').split('\0').filter(isThere)) {
    mkdirSync(join(directory, dirname(file)), { recursive: true });
    cpSync(join(ROOT, file), join(directory, file));
  }
  putOwnSources(directory);
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const edit = (file: string, change: (text: string) => string) =>
    writeFileSync(join(directory, file), change(readFileSync(join(directory, file), 'utf8')));
  return {
    directory,
    append: (file, text) => edit(file, (before) => `${before}\n${text}`),
    replace: (file, old, text) =>
      edit(file, (before) => {
        if (!before.includes(old)) throw new Error(`${file} does not hold "${old}".`);
        return before.replace(old, text);
      }),
  };
}
