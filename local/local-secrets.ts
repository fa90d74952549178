import { readFileSync } from 'node:fs';
import * as z from 'zod';

const SECRETS_FILE = new URL('./secrets.json', import.meta.url);

/** Secrets of the local run by name, each as it would stand in Secrets Manager. They open nothing but this machine. */
export type LocalSecrets = Readonly<Record<string, unknown>>;

/** Reads `local/secrets.json` as it is now: a change takes effect as a rotation would. */
export function readLocalSecrets(): LocalSecrets {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(SECRETS_FILE, 'utf8')));
}
