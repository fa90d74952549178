import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The file beside a function's bundle that holds what the synth made of the mapping folders for it. */
export const CATALOGUE_FILE = 'catalogue.json';

/**
 * Reads the catalogue of a function. The synth has checked it with the schemas of what it holds, and deploys it as one
 * with the bundle: it is not checked again at each cold start.
 */
export function readCatalogue<Entry>(): readonly Entry[] {
  // The bundle is CommonJS, where esbuild puts `__dirname` in the place of `import.meta.dirname`.
  return JSON.parse(readFileSync(join(import.meta.dirname, CATALOGUE_FILE), 'utf8'));
}
