import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** The file beside a function's bundle that holds what the synth made of the mapping folders for it. */
export const CATALOGUE_FILE = 'catalogue.json';

/** Reads the catalogue of a function. Throws if it is not what the synth writes. */
export function readCatalogue<Entry>(entrySchema: z.ZodType<Entry>): readonly Entry[] {
  // The bundle is CommonJS, where esbuild puts `__dirname` in the place of `import.meta.dirname`.
  const text = readFileSync(join(import.meta.dirname, CATALOGUE_FILE), 'utf8');
  return z.array(entrySchema).parse(JSON.parse(text));
}
