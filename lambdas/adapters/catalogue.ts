import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The file beside a function's bundle that holds what the synth made of the mapping folders. */
export const CATALOGUE_FILE = 'catalogue.json';

/**
 * Reads the catalogue of a function. The synth checked it with the schemas and deploys it together with the bundle, so
 * that no cold start checks it again.
 */
export function readCatalogue<Entry>(): readonly Entry[] {
  // The bundle is CommonJS: esbuild replaces `import.meta.dirname` by `__dirname`.
  return JSON.parse(readFileSync(join(import.meta.dirname, CATALOGUE_FILE), 'utf8'));
}
