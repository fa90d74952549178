import { existsSync, readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import { PROJECT, projectOf, readMappings } from '../answers/project.ts';
import { definitionsById, mandatoryOf } from '../lib/mapping/contract.ts';
import { eventIdOf, secretNameOf } from '../lib/mapping/schema.ts';
import { eventUrlSchema } from '../lib/stages/stages.ts';
import { LOCAL_STAGE } from '../lib/stages/synthesize.ts';
import type { Definitions } from './webex-campaign/judge.ts';

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
      new Option(
        '--event-url <url>',
        'call this event API, without the demonstration unless --once asks for it (default: the Webex Campaign simulator)',
      )
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
const SECRETS_FILE = process.env.LOCAL_SECRETS || 'local/secrets.json';

/**
 * Secrets of the local run, each as it would stand in Secrets Manager, by the name that mapping files have for it. They open
 * nothing but this machine.
 */
export type LocalSecrets = Readonly<Record<string, unknown>>;

/** Reads the file as it is now: a change takes effect as a rotation would. None of them where there is no file. */
export function readLocalSecrets(): LocalSecrets {
  if (!existsSync(SECRETS_FILE)) return {};
  return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(SECRETS_FILE, 'utf8')));
}

/** What a person adds to that file for a secret that has no value yet. @param name the name that mapping files have for it */
export function formatMissing(name: string): string {
  const row = name === 'webex-campaign' ? '{ "primary": "…" }' : '{ "signingSecrets": ["…"] }';
  return `add to ${SECRETS_FILE}  ${JSON.stringify(name)}: ${row}`;
}

/** The same as the Secrets Manager of a stack has them: under the stack's own names. */
export function nameSecrets(stackName: string, secrets: LocalSecrets): LocalSecrets {
  const named = Object.entries(secrets).map(([name, value]) => [secretNameOf(stackName, name), value]);
  return Object.fromEntries(named);
}

/** The event definitions that the simulated tenant goes by. */
export type FollowedDefinitions = {
  readonly now: () => Definitions | undefined;
  /** Reads them again, by other mapping folders or by the same. */
  readonly renew: (mappings?: string) => void;
};

/** Follows the contract file of the mappings that run. @param isWanted whether the tenant goes by it; else any id is known */
export function followDefinitions(isWanted: boolean, mappings: string | undefined): FollowedDefinitions {
  let definitions = isWanted ? readDefinitions(mappings) : undefined;
  return {
    now: () => definitions,
    renew: (other) => {
      if (isWanted) definitions = readDefinitions(other);
    },
  };
}

/**
 * The definitions of the contract file, and the bare ids of mappings, of which nothing is known; none where there is no such
 * file, or where there are problems, which the synth reports.
 */
function readDefinitions(mappings: string | undefined): Definitions | undefined {
  const files = readMappings(
    mappings === undefined
      ? projectOf(PROJECT, { stage: LOCAL_STAGE })
      : { mappings, stagesFile: PROJECT.stagesFile },
  );
  const contract = files.ok ? files.value[0]?.contract : undefined;
  if (!files.ok || contract === undefined) return undefined;
  const bare = files.value.flatMap(({ events }) =>
    events.flatMap((event) =>
      event.definition === undefined ? [[eventIdOf(event, LOCAL_STAGE) ?? '', ANYTHING] as const] : [],
    ),
  );
  const named = [...definitionsById(contract, LOCAL_STAGE)].map(([id, { definition }]) => {
    const hasRecommendation = definition.simulate === undefined;
    return [id, { mandatory: mandatoryOf(definition), hasRecommendation }] as const;
  });
  return new Map([...bare, ...named]);
}

/** What a bare id wants: nothing is known of it. */
const ANYTHING = { mandatory: [], hasRecommendation: true };
