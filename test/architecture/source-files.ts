import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from '@swc/core';

export type SourceFile = { readonly path: string; readonly text: string };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The rooms that may exist at the top of the repository; tests, examples and documents are none. */
export const ROOMS = [
  ...['lambdas', 'lib', 'signing', 'answers', 'cli', 'local', 'console', 'rehearsal', 'bench', 'bin'],
] as const;

/** Every TypeScript file below some folders of the repository, by its path from the root. A folder may be missing. */
export function readSourceFiles(...folders: readonly string[]): readonly SourceFile[] {
  const there = readdirSync(ROOT);
  return folders
    .filter((folder) => there.includes(folder.split('/')[0] ?? ''))
    .flatMap((folder) =>
      readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.m?ts$|\.mjs$/.test(file))
        .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
        .map((path) => ({ path, text: readFileSync(`${ROOT}/${path}`, 'utf8') })),
    );
}

/**
 * The files that a file imports, by their path from the root; packages are left out. It sees static imports, those of types
 * alone, side-effect and dynamic imports, and modules that are named by their URL, as a worker's is. A name that is computed
 * at run time cannot be seen.
 */
export function importsOf({ path, text }: SourceFile): readonly string[] {
  const { body } = parseSync(text, { syntax: 'typescript', target: 'es2024' });
  const targets = body.flatMap((node) => targetsIn(node)).filter((target) => target.startsWith('.'));
  return [...new Set(targets.map((target) => new URL(target, `file:///${path}`).pathname.slice(1)))];
}

/** The files that are loaded with a file: all that it imports, and what that imports; types aside. */
export function filesReachedBy(start: string, files: readonly SourceFile[]): readonly SourceFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set([byPath.get(start)].filter((file) => file !== undefined));
  for (const { path, text } of reached) {
    const withoutTypes = text.replaceAll(/^import type [^;]+;/gm, '');
    for (const target of importsOf({ path, text: withoutTypes })) {
      const file = byPath.get(target);
      if (file !== undefined) reached.add(file);
    }
  }
  return [...reached];
}

/** A part of a syntax tree, as far as it is looked at. */
type Node = {
  readonly type?: unknown;
  readonly source?: Node | null;
  readonly value?: unknown;
  readonly cooked?: unknown;
  readonly quasis?: readonly Node[];
  readonly callee?: Node;
  readonly argument?: Node;
  readonly arguments?: unknown;
};

function targetsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.values(value).flatMap(targetsIn);
  return [...targetOf(value), ...inside];
}

function targetOf(node: Node): readonly string[] {
  const [first, second] = Array.isArray(node.arguments) ? argumentsOf(node.arguments) : [];
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return textOf(node.source);
    case 'TsImportType':
      return textOf(node.argument);
    case 'CallExpression':
      return node.callee?.type === 'Import' ? textOf(first) : [];
    case 'NewExpression':
      return node.callee?.value === 'URL' && second !== undefined ? moduleAt(textOf(first)) : [];
    default:
      return [];
  }
}

function argumentsOf(list: readonly { readonly expression: Node }[]): readonly Node[] {
  return list.map(({ expression }) => expression);
}

/** A URL needs no "./" to be relative; what is no module is read, not imported. */
function moduleAt(targets: readonly string[]): readonly string[] {
  return targets
    .filter((target) => /\.(m|c)?[jt]s$/.test(target))
    .map((target) => (/^[./]/.test(target) ? target : `./${target}`));
}

function textOf(node: Node | null | undefined): readonly string[] {
  const text = node?.quasis?.length === 1 ? node.quasis[0]?.cooked : node?.value;
  return typeof text === 'string' ? [text] : [];
}
