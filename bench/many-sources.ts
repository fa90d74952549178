import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CATALOGUE_FILE } from '../lambdas/adapters/lambda.ts';
import type { Subject } from './subjects.ts';

/** No more are measured. */
export const MOST_SOURCES = 1_000;

/** The names of those that stand beside the measured source, in a catalogue of so many. */
export function otherSources(sources: number): readonly string[] {
  return Array.from({ length: sources - 1 }, (_, index) => `other-${index}`);
}

/** What ingest and deliver know of a source, as far as it is changed here. */
type Entry = { readonly source: string; readonly secret?: string };

/**
 * Writes the catalogue beside a bundle anew, as the synth would write it: so many sources as the measured one, which stands last.
 * @param secretOf what the secret of another source is called; that of the measured one is given
 */
export function writeSources(
  directory: string,
  sources: number,
  secretOf: (source: string, measured: string) => string,
): void {
  const file = join(directory, CATALOGUE_FILE);
  const measured: Entry | undefined = JSON.parse(readFileSync(file, 'utf8')).at(-1);
  if (measured === undefined) throw new Error('The catalogue is empty.');
  const { secret } = measured;
  const others = otherSources(sources).map((source) => ({
    ...measured,
    source,
    ...(secret !== undefined && { secret: secretOf(source, secret) }),
  }));
  writeFileSync(file, JSON.stringify([...others, measured], null, 2));
}

/** Gives copies of a function to `use` that differ by the number of their sources, each with a secret of its own. */
export async function withSources<Used>(
  { directory, environment }: Subject,
  numbers: readonly number[],
  use: (subjects: ReadonlyMap<number, Subject>) => Promise<Used>,
): Promise<Used> {
  const parent = mkdtempSync(join(tmpdir(), 'webhook-adapter-bench-'));
  try {
    const copies = numbers.map((sources) => {
      const copy = join(parent, String(sources));
      cpSync(directory, copy, { recursive: true });
      writeSources(copy, sources, (source, measured) => measured.replace(/[^/]+$/, source));
      return [sources, { directory: copy, environment }] as const;
    });
    return await use(new Map(copies));
  } finally {
    rmSync(parent, { recursive: true });
  }
}
