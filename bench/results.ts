import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Figure } from './figure.ts';

/** Where what was measured is kept. */
export const RESULTS_FILE = fileURLToPath(new URL('results.json', import.meta.url));

export type Results = {
  readonly measuredAt: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
};

const PACKAGES = ['esbuild', '@aws-sdk/client-sqs', 'zod', 'jsonata', '@middy/core'];

/** What was measured, and on what. */
export function describeResults(figures: readonly Figure[]): Results {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const packages = PACKAGES.map((name) => [name, versionOf(name)] as const);
  return {
    measuredAt: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${gigabytes} GiB, ${process.platform}`,
    versions: { node: process.versions.node, ...Object.fromEntries(packages) },
    figures,
  };
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

/** The results as they are committed. */
export function readResults(): Results {
  return JSON.parse(readFileSync(RESULTS_FILE, 'utf8'));
}

/** What was measured anew in its old place; all else as it was. */
export function replaceFigures(before: readonly Figure[], measured: readonly Figure[]): readonly Figure[] {
  const isSame = (one: Figure) => (other: Figure) => one.id === other.id && one.what === other.what;
  const added = measured.filter((figure) => !before.some(isSame(figure)));
  return [...before.map((figure) => measured.find(isSame(figure)) ?? figure), ...added];
}
