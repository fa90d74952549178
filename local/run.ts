import { existsSync, type FSWatcher, watch } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import * as z from 'zod';
import { parseWebexSecret } from '../lambdas/deliver/event-api/keys.ts';
import { fail, parseJson, type Result, succeed } from '../lambdas/result.ts';
import { LOCAL_STACK, synthesize } from '../lib/stages/synthesize.ts';
import { findObstacle, type RunningStack, type RunSettings, runTemplate } from './emulator/stack.ts';
import { hasNoEffect, readTemplate, type Template } from './emulator/template.ts';
import {
  type FollowedDefinitions,
  followDefinitions,
  type LocalSecrets,
  nameSecrets,
  readLocalSecrets,
  type Settings,
} from './settings.ts';
import type { ReceivedCall } from './webex-campaign/judge.ts';
import {
  type SimulatorSettings,
  startWebexCampaignSimulator,
  type WebexCampaignSimulator,
} from './webex-campaign/simulator.ts';

/** The whole adapter, running on this machine. */
export type LocalRun = {
  readonly stack: RunningStack;
  /** Directory of the cloud assembly that runs, until it is stopped. */
  readonly assembly: string;
  /** Missing when `--event-url` names another event API. */
  readonly simulator?: WebexCampaignSimulator;
  readonly eventUrl: string;
  readonly lines: LogLines;
  /** Replaces code and mappings of the running functions by those on disk; queues and ledger stay. */
  readonly redeploy: (mappings?: string) => Promise<Result<void, string>>;
  readonly stop: () => Promise<void>;
};

type LocalRunSettings = Omit<Settings, 'once'> & {
  /**
   * A directory of mapping folders.
   * @default the repository's own
   */
  readonly mappings?: string;
  /**
   * Secrets by the name that mapping files have for them, read whenever a function reads one.
   * @default those of `local/secrets.json`
   */
  readonly readSecrets?: () => LocalSecrets;
  /** As `RunSettings` has it. */
  readonly standBetween?: RunSettings['standBetween'];
  /**
   * The simulated tenant.
   * @default one that knows the keys that lie in the secret at the start, and the definitions of the contract file
   */
  readonly tenant?: Omit<SimulatorSettings, 'onCall'>;
};

/** What is called with what happens, as it happens. */
export type Observer = {
  /** A line that a function prints, unchanged. */
  readonly onText?: (text: string) => void;
  /** A line that a function prints: parsed if it is a log line of ours, else its text. */
  readonly onLine?: (line: LogLine | string) => void;
  /** A call that reached the simulator. */
  readonly onCall?: (call: ReceivedCall) => void;
};

/** Synthesizes the app and runs its template; fails with sentences for a person, and leaves nothing running then. */
export async function startLocalRun(
  settings: LocalRunSettings,
  observer: Observer = {},
): Promise<Result<LocalRun, string>> {
  const obstacle = await findObstacle(settings.port);
  return obstacle === undefined ? startUnhindered(settings, observer) : fail(obstacle);
}

async function startUnhindered(
  settings: LocalRunSettings,
  { onLine = () => {}, onText = () => {}, onCall = () => {} }: Observer,
): Promise<Result<LocalRun, string>> {
  const definitions = followDefinitions(settings.tenant === undefined, settings.mappings);
  const simulator = await startSimulator(settings, definitions.now, onCall);
  const eventUrl = settings.eventUrl ?? simulator?.eventUrl ?? '';
  const stopSimulator = async () => simulator?.stop();

  const assembly = await synthesize(eventUrl, settings.mappings);
  if (!assembly.ok) {
    await stopSimulator();
    return assembly;
  }
  const lines = collectLogLines();
  const { directory, remove } = assembly.value;
  const stack = await runAssembly(directory, settings, (functionName, text) => {
    onText(text);
    onLine(lines.add(text) ?? `${functionName}: ${text}`);
  });
  const stop = async () => {
    if (stack.ok) await stack.value.stop();
    await Promise.all([stopSimulator(), remove()]);
  };
  if (stack.ok) {
    return succeed({
      stack: stack.value,
      assembly: directory,
      eventUrl,
      lines,
      redeploy: (mappings = settings.mappings) =>
        redeploy({ assembly: directory, eventUrl, definitions, stack: stack.value }, mappings),
      stop,
      ...(simulator && { simulator }),
    });
  }
  await stop();
  return fail(stack.failure.join('\n'));
}

/** Starts the simulator, unless another event API is to be called. */
async function startSimulator(
  { eventUrl, readSecrets = readLocalSecrets, tenant = tenantOf(readSecrets()) }: LocalRunSettings,
  definitions: FollowedDefinitions['now'],
  onCall: (call: ReceivedCall) => void,
): Promise<WebexCampaignSimulator | undefined> {
  return eventUrl === undefined ? startWebexCampaignSimulator({ definitions, ...tenant, onCall }) : undefined;
}

/** Runs the stack of an assembly, its secrets named as in the stack. */
function runAssembly(
  assembly: string,
  { port, speed, standBetween, readSecrets = readLocalSecrets }: LocalRunSettings,
  onLine: RunSettings['onLine'],
): ReturnType<typeof runTemplate> {
  return runTemplate({
    assembly,
    stackName: LOCAL_STACK,
    port,
    speed,
    readSecrets: () => nameSecrets(LOCAL_STACK, readSecrets()),
    standBetween,
    onLine,
  });
}

/** A tenant that knows the keys that the local secret holds now; it refuses keys that are put there later. */
function tenantOf(secrets: LocalSecrets): SimulatorSettings {
  const name = 'webex-campaign';
  const secret = parseWebexSecret(name, JSON.stringify(secrets[name]));
  const known = secret.ok ? Object.values(secret.value.keys) : [];
  return { keys: () => known };
}

type Running = {
  readonly assembly: string;
  readonly eventUrl: string;
  readonly stack: Pick<RunningStack, 'declareSecrets' | 'renewFunctions'>;
  readonly definitions: Pick<FollowedDefinitions, 'renew'>;
};

/**
 * Synthesizes again, replaces code and mappings of the running functions and adds the secrets of new sources, as a deploy
 * does: queues and ledger stay. Fails where the template has changed otherwise, which needs a restart.
 */
async function redeploy(running: Running, mappings?: string): Promise<Result<void, string>> {
  const assembly = await synthesize(running.eventUrl, mappings);
  if (!assembly.ok) return assembly;
  try {
    const before = codeOf(await readTemplate(running.assembly, LOCAL_STACK));
    const template = await readTemplate(assembly.value.directory, LOCAL_STACK);
    const after = codeOf(template);
    const changed = [...new Set([...before.rest.keys(), ...after.rest.keys()])].filter(
      (id) => before.rest.get(id) !== after.rest.get(id),
    );
    if (changed.length > 0)
      return fail(`Restart "npm start": ${changed.join(', ')} changed in the template.`);
    const declared = running.stack.declareSecrets(template);
    if (!declared.ok) return fail(declared.failure.join('\n'));
    for (const [id, directory] of before.directories) {
      await cp(after.directories.get(id) ?? directory, directory, { recursive: true, force: true });
    }
    await running.stack.renewFunctions();
    running.definitions.renew(mappings);
    return succeed(undefined);
  } finally {
    await assembly.value.remove();
  }
}

/** Where each function's code lies, and all else of the template that has an effect here, by resource: it must not have changed. */
function codeOf({ Resources, assets }: Template) {
  const directories = new Map<string, string>();
  const rest = new Map<string, string>();
  for (const [id, resource] of Object.entries(Resources)) {
    const hash = /"S3Key":"([0-9a-f]+)\.zip"/.exec(JSON.stringify(resource))?.[1];
    const directory = hash === undefined ? undefined : assets.get(hash);
    if (directory !== undefined) directories.set(id, directory);
    const isSecret = resource.Type === 'AWS::SecretsManager::Secret';
    if (!isSecret && !hasNoEffect(resource.Type)) {
      rest.set(id, JSON.stringify(resource).replaceAll(/[0-9a-f]{64}(?=\.zip)/g, ''));
    }
  }
  return { directories, rest };
}

/** Editors write a file in several steps. */
const SETTLE_MILLISECONDS = 300;

/**
 * Redeploys as soon as a file of the directory is saved, or the contract file, and calls `onRedeployed` with what came of it.
 */
export function watchMappings(
  { mappings, contractFile }: { readonly mappings: string; readonly contractFile: string },
  redeploy: () => Promise<Result<void, string>>,
  onRedeployed: (redeployed: Result<void, string>) => void,
): { readonly close: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const redeploySoon = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => onRedeployed(await redeploy()), SETTLE_MILLISECONDS);
  };
  const look = () => watch(mappings, { recursive: true }, redeploySoon);
  let inside: FSWatcher | undefined = look();
  const watchers = [
    // A watch ends with its folder: one that comes back is watched anew.
    watch(dirname(mappings), (_, name) => {
      if (name !== basename(mappings)) return;
      inside?.close();
      inside = existsSync(mappings) ? look() : undefined;
      redeploySoon();
    }),
    // The folder rather than the file: many editors put a new file in the place of the old one.
    watch(dirname(contractFile), (_, name) => {
      if (name === basename(contractFile)) redeploySoon();
    }),
  ];
  return {
    close: () => {
      inside?.close();
      for (const watcher of watchers) watcher.close();
    },
  };
}

const answerSchema = z.object({ status: z.number(), code: z.string().optional() });

const ingestLineSchema = z.object({
  stage: z.literal('ingest'),
  code: z.string(),
  source: z.string().optional(),
  eventTypes: z.array(z.string()).optional(),
  deduplicationId: z.string().optional(),
  bytes: z.number().optional(),
  secretIndex: z.coerce.number<string>().optional(),
  /** The full name of a secret that could not be used. */
  secret: z.string().optional(),
});

/** What became of an event; without `event`, of a message in which deliver found none. */
const deliverLineSchema = z.object({
  stage: z.literal('deliver'),
  outcome: z.string(),
  code: z.string(),
  source: z.string(),
  event: z.string().optional(),
  item: z.number().optional(),
  eventTypes: z.array(z.string()).optional(),
  deduplicationId: z.string().optional(),
  webhookId: z.string().optional(),
  /** Calls of Webex Campaign so far. */
  attempts: z.number().optional(),
  /** How often SQS has handed the message out. */
  receives: z.number(),
  answer: answerSchema.optional(),
  transactionId: z.string().optional(),
  detail: z.string().optional(),
  cause: z.string().optional(),
  retrySeconds: z.number().optional(),
});

const lineSchema = z.discriminatedUnion('stage', [ingestLineSchema, deliverLineSchema]);

export type IngestLine = z.infer<typeof ingestLineSchema>;
export type DeliverLine = z.infer<typeof deliverLineSchema>;
export type LogLine = IngestLine | DeliverLine;

/** How many lines are kept, the latest, for whoever asks a little late: a run may be up for days. */
const REMEMBERED_LINES = 1_000;

/** What the functions of the local run have logged, and what they will log. */
type LogLines = {
  readonly add: (text: string) => LogLine | undefined;
  /** What `read` finds in the first line, kept or coming, in which it finds something; `undefined` once the time is over. */
  readonly find: <Found>(
    read: (line: LogLine) => Found | undefined,
    milliseconds: number,
  ) => Promise<Found | undefined>;
};

/** Collects log lines, so that what a function did can be waited for. */
function collectLogLines(): LogLines {
  const lines: LogLine[] = [];
  const watchers = new Set<(line: LogLine) => void>();
  return {
    add: (text) => {
      const line = readLine(text);
      if (line === undefined) return undefined;
      lines.push(line);
      if (lines.length > REMEMBERED_LINES) lines.shift();
      for (const watch of watchers) watch(line);
      return line;
    },
    find: (read, milliseconds) =>
      new Promise((resolve) => {
        const finish = (found: ReturnType<typeof read>) => {
          clearTimeout(timer);
          watchers.delete(watch);
          resolve(found);
        };
        const watch = (line: LogLine) => {
          const found = read(line);
          if (found !== undefined) finish(found);
        };
        const timer = setTimeout(() => finish(undefined), milliseconds);
        watchers.add(watch);
        for (const line of [...lines]) watch(line);
      }),
  };
}

/** Reads a log line of ours; anything else that a function prints is `undefined`. */
function readLine(text: string): LogLine | undefined {
  return lineSchema.safeParse(parseJson(text)).data;
}
