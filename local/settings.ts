import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import { secretNameOf } from '../lib/mapping/schema.ts';
import { eventUrlSchema } from '../lib/stages/stages.ts';

/** Settings of the local run. Every flag but `--once` can come from the environment as well. */
export type Settings = {
  /** Port of the HTTP API; 0 takes a free one. */
  readonly port: number;
  /** The event API to call in the place of the simulator. */
  readonly eventUrl?: string;
  /** How many times faster the queues' clock runs. */
  readonly speed: number;
  /** Whether to end after the demonstration. */
  readonly once: boolean;
};

/** Reads flags, then environment, then defaults; ends the process with a sentence on a wrong one. */
export function readSettings(argv: readonly string[]): Settings {
  return new Command('npm start --')
    .description(
      'Runs the synthesized stack on this machine and sends webhooks of up to two sources through it.',
    )
    .addOption(
      new Option('--port <number>', 'port of the HTTP API').env('PORT').default(8787).argParser(readPort),
    )
    .addOption(
      new Option('--event-url <url>', 'call this event API (default: the Webex Campaign simulator)')
        .env('WEBEX_EVENT_URL')
        .argParser(readEventUrl),
    )
    .addOption(
      new Option('--speed <number>', 'let the queues wait this many times shorter')
        .env('SPEED')
        .default(1)
        .argParser(readSpeed),
    )
    .option('--once', 'end after the demonstration; exit code 0 only if its webhooks were delivered', false)
    .parse(argv)
    .opts();
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port < 65_536) return port;
  throw new InvalidArgumentError('expected a port, 0 to 65535 (0 takes a free one)');
}

function readSpeed(text: string): number {
  const speed = Number(text);
  if (speed >= 1 && speed <= 10_000) return speed;
  throw new InvalidArgumentError('expected a number from 1 to 10000');
}

function readEventUrl(text: string): string {
  const url = eventUrlSchema.safeParse(text);
  if (url.success) return url.data;
  throw new InvalidArgumentError(url.error.issues.map(({ message }) => message).join('; '));
}

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

/** The same as the Secrets Manager of a stack has them: under the stack's own names. */
export function nameSecrets(stackName: string, secrets: LocalSecrets): LocalSecrets {
  const named = Object.entries(secrets).map(([name, value]) => [secretNameOf(stackName, name), value]);
  return Object.fromEntries(named);
}
