import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A clone of the project, as a user has it: what is edited there is edited nowhere else. */
export type Project = {
  readonly directory: string;
  readonly append: (file: string, text: string) => void;
  readonly replace: (file: string, old: string, text: string) => void;
};

/** Copies all that belongs to the project into a directory, which shares the installed packages. */
export function cloneProject(directory: string): Project {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
  });
  for (const file of files.toString('utf8').split('\0').filter(Boolean)) {
    mkdirSync(join(directory, dirname(file)), { recursive: true });
    cpSync(join(ROOT, file), join(directory, file));
  }
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
