import { parseWebexSecret } from '../lambdas/deliver/webex-keys.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { type LocalSecrets, nameSecrets, readLocalSecrets } from './local-secrets.ts';
import { collectLogLines, type LogLine, type LogLines } from './log-lines.ts';
import { redeploy } from './redeploy.ts';
import type { Settings } from './settings.ts';
import { type RunningStack, type RunSettings, runTemplate } from './stack/run-template.ts';
import { LOCAL_STACK, synthesize } from './synthesize.ts';
import type { ReceivedCall } from './webex-campaign/judge-request.ts';
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
  /** Puts code and mappings as they lie there now in the place of those that run; queues and ledger stay. */
  readonly redeploy: (mappings?: string) => Promise<Result<void, string>>;
  readonly stop: () => Promise<void>;
};

export type LocalRunSettings = Omit<Settings, 'once'> & {
  /**
   * A directory of mapping folders.
   * @default the repository's own
   */
  readonly mappings?: string;
  /**
   * Secrets by the name that mapping files have for them, asked for whenever a function reads one.
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

/** Told of what happens, as it happens. */
export type Observer = {
  /** The very text of a line that a function prints. */
  readonly onText?: (text: string) => void;
  /** A line that a function prints: ours as what it says, any other as its text. */
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

/** The simulated tenant, where no other event API is to be called. */
async function startSimulator(
  { eventUrl, readSecrets = readLocalSecrets, tenant = tenantOf(readSecrets()) }: LocalRunSettings,
  onCall: (call: ReceivedCall) => void,
): Promise<WebexCampaignSimulator | undefined> {
  return eventUrl === undefined ? startWebexCampaignSimulator({ ...tenant, onCall }) : undefined;
}

/** Runs the stack of an assembly, with the secrets under the names that it has for them. */
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

/** The simulated tenant knows the keys that lie in the local secret now; one put there later is refused, as it would be. */
function tenantOf(secrets: LocalSecrets): SimulatorSettings {
  const name = 'webex-campaign';
  const secret = parseWebexSecret(name, JSON.stringify(secrets[name]));
  const known = secret.ok ? Object.values(secret.value.keys) : [];
  return { keys: () => known };
}
