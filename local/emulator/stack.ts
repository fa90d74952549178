import { fail, type Result, succeed } from '../../lambdas/result.ts';
import type { FastClock } from './fast-clock.ts';
import type { NamedFunctions } from './functions/pool.ts';
import { createLogStream, type LogStream, startHttpApi } from './http-api.ts';
import { type StartedResources, startResources } from './resources.ts';
import { type ServiceEndpoints, type ServiceSettings, type Services, startServices } from './servers.ts';
import type { Resource } from './supported-resources.ts';
import { REGION, readTemplate, resolveTemplate, type Template } from './template.ts';
import type { ThreadMemory } from './thread-memory.ts';

export type RunSettings = Omit<ServiceSettings, 'clock'> & {
  /** Directory of the cloud assembly. */
  readonly assembly: string;
  readonly stackName: string;
  /** Port of the HTTP API on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** How many times faster the queues' clock runs; at least 1. */
  readonly speed: number;
  /** Called with every line that a function prints, and with what Lambda would report of the function. */
  readonly onLine: (functionName: string, text: string) => void;
};

/** What can be made to go wrong in a stack that runs on this machine, as it does on AWS. */
type StackFaults = {
  /** Has every request to the tables fail without an answer, until it is called with `false`. */
  readonly setTablesAway: (isAway: boolean) => void;
  /** Has every message to a queue refused, until it is called with `false`. */
  readonly refuseSends: (isRefused: boolean) => void;
  /** Has this many of the next messages delivered again, though they were worked off. */
  readonly redeliver: (messages: number) => void;
};

/** A stack that runs on this machine. */
export type RunningStack = NamedFunctions & {
  readonly url: string;
  readonly region: string;
  readonly endpoints: ServiceEndpoints;
  readonly outputs: Readonly<Record<string, string>>;
  /** The time that queues and what they feed live in. */
  readonly clock: FastClock;
  /** What the threads hold that stand for SQS and DynamoDB. */
  readonly memoryOfServers: () => Promise<{ readonly queues: ThreadMemory; readonly tables: ThreadMemory }>;
  /** Adds the secrets of a newer template, as a deploy would. */
  readonly declareSecrets: (template: Template) => Result<void, readonly string[]>;
  /** What can be made to go wrong on purpose. */
  readonly faults: StackFaults;
  /** Ends every thread and server; afterwards nothing runs and all ports are free. */
  readonly stop: () => Promise<void>;
};

/** Runs a synthesized template; fails with every reason for which it cannot, and leaves nothing running then. */
export async function runTemplate(settings: RunSettings): Promise<Result<RunningStack, readonly string[]>> {
  const { stackName, speed } = settings;
  const { logs, onLine } = teeLines(settings.onLine);
  const template = await readTemplate(settings.assembly, stackName);
  const api = await startHttpApi(settings.port);
  if (!api.ok) return fail([api.failure]);

  // The endpoints listen before the template is resolved, since its references hold their ports.
  const clock = { anchor: Date.now(), speed };
  const { queues, secretsManager, tables, endpoints } = await startServices({ ...settings, clock });
  const servers = [api.value, secretsManager, tables, queues];

  const allEndpoints = { ...endpoints, httpApi: api.value.url };
  const resolved = resolveTemplate(template, allEndpoints);
  if (!resolved.ok) return stopAfter(resolved, servers);
  const { resources, outputs } = resolved.value;
  const started = await startResources({
    ...{ template, resources, queues, tables, clock, onLine },
    endpoints: allEndpoints,
  });
  if (!started.ok) return stopAfter(started, servers);

  secretsManager.declare(resources);
  api.value.serve({
    ...started.value,
    logs,
    health: healthOf(stackName, { resources, endpoints, clock }),
  });
  // In this order: no new requests, no new batches, no functions; only then what they all call.
  const stop = () => stopAll([api.value, started.value, secretsManager, tables, queues]);
  return succeed({
    ...{ url: api.value.url, region: REGION, endpoints, outputs, clock, stop },
    declareSecrets: (newer) => declareSecrets(secretsManager, resolveTemplate(newer, allEndpoints)),
    ...partsOf(started.value, { tables, queues }),
  });
}

function declareSecrets(
  { declare }: Services['secretsManager'],
  resolved: ReturnType<typeof resolveTemplate>,
): Result<void, readonly string[]> {
  if (!resolved.ok) return resolved;
  return succeed(declare(resolved.value.resources));
}

/** What the commands need to know of a stack on this machine. */
function healthOf(
  stack: string,
  parts: {
    readonly resources: readonly Resource[];
    readonly endpoints: ServiceEndpoints;
    readonly clock: FastClock;
  },
): object {
  const { resources, ...others } = parts;
  const eventUrl = resources
    .map((resource) =>
      resource.type === 'AWS::Lambda::Function'
        ? resource.properties.Environment?.Variables.WEBEX_EVENT_URL
        : undefined,
    )
    .find((url) => url !== undefined);
  return { status: 'up', stack, region: REGION, eventUrl, ...others };
}

/** Sends what the functions print to the caller and to the HTTP API's log stream. */
function teeLines(onLine: RunSettings['onLine']): { logs: LogStream; onLine: RunSettings['onLine'] } {
  const logs = createLogStream();
  return {
    logs,
    onLine: (functionName, text) => {
      logs.write(text);
      onLine(functionName, text);
    },
  };
}

function partsOf(
  { killWorkers, memoryOf, renewFunctions, redeliver }: StartedResources,
  { tables, queues }: Pick<Services, 'tables' | 'queues'>,
): Pick<RunningStack, keyof NamedFunctions | 'faults' | 'memoryOfServers'> {
  const faults = { setTablesAway: tables.setAway, refuseSends: queues.refuseSends, redeliver };
  const memoryOfServers = async () => ({ queues: await queues.memory(), tables: await tables.memory() });
  return { killWorkers, memoryOf, memoryOfServers, renewFunctions, faults };
}

type Stoppable = { readonly stop: () => Promise<void> };

async function stopAfter<Failed>(failed: Failed, parts: readonly Stoppable[]): Promise<Failed> {
  await stopAll(parts);
  return failed;
}

async function stopAll(parts: readonly Stoppable[]): Promise<void> {
  for (const part of parts) await part.stop();
}
