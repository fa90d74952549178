import { type FSWatcher, watch } from 'node:fs';
import { cp } from 'node:fs/promises';
import * as z from 'zod';
import { parseWebexSecret } from '../lambdas/deliver/event-api/keys.ts';
import { fail, parseJson, type Result, succeed } from '../lambdas/result.ts';
import { LOCAL_STACK, synthesize } from '../lib/stages/synthesize.ts';
import { type RunningStack, type RunSettings, runTemplate } from './emulator/stack.ts';
import { readTemplate, type Template } from './emulator/template.ts';
import { type LocalSecrets, nameSecrets, readLocalSecrets, type Settings } from './settings.ts';
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
   * @default one that knows the keys that lie in the secret at the start
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
  { onLine = () => {}, onText = () => {}, onCall = () => {} }: Observer = {},
): Promise<Result<LocalRun, string>> {
  const simulator = await startSimulator(settings, onCall);
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
        redeploy({ assembly: directory, eventUrl, renewFunctions: stack.value.renewFunctions }, mappings),
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
  onCall: (call: ReceivedCall) => void,
): Promise<WebexCampaignSimulator | undefined> {
  return eventUrl === undefined ? startWebexCampaignSimulator({ ...tenant, onCall }) : undefined;
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

/**
 * Synthesizes again and replaces code and mappings of the running functions, as a deploy does: queues and ledger stay.
 * Fails where the template has changed otherwise, which needs a restart.
 */
async function redeploy(
  running: {
    readonly assembly: string;
    readonly eventUrl: string;
    readonly renewFunctions: () => Promise<void>;
  },
  mappings?: string,
): Promise<Result<void, string>> {
  const assembly = await synthesize(running.eventUrl, mappings);
  if (!assembly.ok) return assembly;
  try {
    const before = codeOf(await readTemplate(running.assembly, LOCAL_STACK));
    const after = codeOf(await readTemplate(assembly.value.directory, LOCAL_STACK));
    if (before.rest !== after.rest)
      return fail('The template has changed beyond the functions’ code: restart.');
    for (const [id, directory] of before.directories) {
      await cp(after.directories.get(id) ?? directory, directory, { recursive: true, force: true });
    }
    await running.renewFunctions();
    return succeed(undefined);
  } finally {
    await assembly.value.remove();
  }
}

/** Where each function's code lies, and the rest of the template, which must not have changed. */
function codeOf({ Resources, assets }: Template) {
  const directories = new Map<string, string>();
  for (const [id, resource] of Object.entries(Resources)) {
    const hash = /"S3Key":"([0-9a-f]+)\.zip"/.exec(JSON.stringify(resource))?.[1];
    const directory = hash === undefined ? undefined : assets.get(hash);
    if (directory !== undefined) directories.set(id, directory);
  }
  const codeNames = /[0-9a-f]{64}(?=\.zip)|"aws:asset:path":"[^"]*"/g;
  return { directories, rest: JSON.stringify(Resources).replaceAll(codeNames, '') };
}

/** Editors write a file in several steps. */
const SETTLE_MILLISECONDS = 300;

/** Redeploys as soon as a file of the directory is saved, and calls `onRedeployed` with what came of it. */
export function watchMappings(
  directory: string,
  redeploy: () => Promise<Result<void, string>>,
  onRedeployed: (redeployed: Result<void, string>) => void,
): FSWatcher {
  let timer: NodeJS.Timeout | undefined;
  return watch(directory, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(async () => onRedeployed(await redeploy()), SETTLE_MILLISECONDS);
  });
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
