import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { secretNameOf } from '../lib/operate/secret-name.ts';

/** The environment may name another, as `MAPPINGS_FOLDER` does for the mappings. */
const SECRETS_FILE = process.env.LOCAL_SECRETS || new URL('./secrets.json', import.meta.url);

/**
 * Secrets of the local run, each as it would stand in Secrets Manager, by the name that mapping files have for it. They open
 * nothing but this machine.
 */
export type LocalSecrets = Readonly<Record<string, unknown>>;

/** Reads the file as it is now: a change takes effect as a rotation would. */
export function readLocalSecrets(): LocalSecrets {
  return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(SECRETS_FILE, 'utf8')));
}

/** What a person adds to that file for a secret that has no value yet. @param name the name that mapping files have for it */
export function formatMissing(name: string): string {
  const file = typeof SECRETS_FILE === 'string' ? SECRETS_FILE : relative('', fileURLToPath(SECRETS_FILE));
  const row = name === 'webex-campaign' ? '{ "primary": "…" }' : '{ "signingSecrets": ["…"] }';
  return `add to ${file}  ${JSON.stringify(name)}: ${row}`;
}

/** The same as the Secrets Manager of a stack has them: under the stack's own names. */
export function nameSecrets(stackName: string, secrets: LocalSecrets): LocalSecrets {
  const named = Object.entries(secrets).map(([name, value]) => [secretNameOf(stackName, name), value]);
  return Object.fromEntries(named);
}
