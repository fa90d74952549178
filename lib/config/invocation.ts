import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
export type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

/** The package's own `package.json`. */
export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
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
