import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type SourceFile = { readonly path: string; readonly text: string };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every TypeScript file below some folders of the repository, by its path from the root. */
export function readSourceFiles(...folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
      .map((path) => ({ path, text: readFileSync(`${ROOT}/${path}`, 'utf8') })),
  );
}

/** The files that a file imports, by their path from the root; packages are left out. */
export function importsOf({ path, text }: SourceFile): readonly string[] {
  const imports = [...text.matchAll(/from '(\.[^']+)'/g)].map(([, target = '']) => target);
  return imports.map((target) => new URL(target, `file:///${path}`).pathname.slice(1));
}
