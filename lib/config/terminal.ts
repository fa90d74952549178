import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * What a terminal does not show, or obeys: control characters, line separators, marks of writing direction, and all that is
 * invisible (Unicode, `Default_Ignorable_Code_Point`). A vendor's text can hold any of them.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}\u2800]/gu;

/** Colours and bold, as `styleText` writes them. */
const STYLE = new RegExp(`(${String.fromCodePoint(27)}\\[\\d+m)`, 'u');

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text on one line, with what cannot be seen as escapes that JSON reads too: `\n`, `\u001b`, `\u202e`. */
export function escapeUnseen(text: string): string {
  return text.replaceAll(UNSEEN, (character) => SHORT[character] ?? escapeUnits(character));
}

function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}

/** Lines as a text. A line break within one of them is somebody else's: it begins no line of ours. */
export function joinLines(lines: readonly string[]): string {
  return lines.map(escapeUnseen).join('\n');
}

/** A text of several lines, with all else that cannot be seen as escapes. */
export function escapeLines(text: string): string {
  return joinLines(text.split('\n'));
}

/** Prints a text and ends its line. All that commands and the local run print goes through here. */
export function print(text: string, stream: NodeJS.WritableStream = process.stdout): void {
  stream.write(`${escapeLines(text)}\n`);
}

/** Prints a text that has styles of ours in it: what comes from others must be escaped before. */
export function printStyled(text: string): void {
  const parts = text.split(STYLE).map((part, index) => (index % 2 === 1 ? part : escapeLines(part)));
  process.stdout.write(`${parts.join('')}\n`);
}

/** In the repository this is TypeScript; in the package it is not, and lies one folder deeper. */
const IN_REPOSITORY = import.meta.url.endsWith('.ts');

/** The folder of the repository, or of the installed package. */
export const PACKAGE_ROOT = fileURLToPath(new URL(IN_REPOSITORY ? '../..' : '../../..', import.meta.url));

/** Where a project finds the package's files. */
export const PACKAGE_IN_PROJECT = IN_REPOSITORY ? '' : 'node_modules/webex-campaign-webhook-adapter/';

/** How a person gives these commands. */
export const INVOCATION = IN_REPOSITORY ? 'npm run -s adapter --' : 'npx webhook-adapter';

/** What the commands are called in their own help. */
export const PROGRAM = IN_REPOSITORY ? 'adapter' : 'webhook-adapter';

/** The file that a source became, to be loaded by its URL; compiling changes the extensions of imports alone. */
export function codeUrl(source: URL): URL {
  return IN_REPOSITORY ? source : new URL(source.href.replace(/\.ts$/, '.js'));
}

/** What a project needs to know of the package that it depends on. */
type Manifest = {
  readonly name: string;
  readonly version: string;
  /** Missing until a person has decided where the repository is (docs/publishing.md). */
  readonly repository?: { readonly url: string };
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** The package's own `package.json`. */
export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
}

/**
 * How alarms, errors and files name a page of the docs: by its absolute URL of this version; and, until `package.json` names
 * the repository, by its path in the clone or in the project.
 * @param page with its section: `runbook.md#paused`
 */
export function docsPage(page: string, manifest = readManifest()): string {
  return publishedUrl(page, manifest) ?? `${PACKAGE_IN_PROJECT}docs/${page}`;
}

/** The same for advice, which a person follows at once: until then, the URL of the file on this machine. */
export function docsUrl(page: string, manifest = readManifest()): string {
  return publishedUrl(page, manifest) ?? `${pathToFileURL(join(PACKAGE_ROOT, 'docs')).href}/${page}`;
}

function publishedUrl(page: string, { version, repository }: Manifest): string | undefined {
  const base = repository?.url.replace(/^git\+/, '').replace(/\.git$/, '');
  return base === undefined ? undefined : `${base}/blob/v${version}/docs/${page}`;
}

/** The same as `engines` of `package.json`: the first Node.js 22 that runs TypeScript as it is. */
const LEAST_NODE = [22, 18] as const;

/** What a person is told whose Node.js is too old; `undefined` where it is new enough. */
export function explainOldNode(version = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]);
  return isOld ? `Node.js ${LEAST_NODE.join('.')} or newer is needed; this is ${version}.` : undefined;
}

/** Throws where previews and checks would differ from what is deployed. */
export function refuseOldNode(): void {
  const old = explainOldNode();
  if (old !== undefined) throw new Error(old);
}
