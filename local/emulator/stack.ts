import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type EventSourceSettings, startEventSource } from './functions/event-source.ts';
import {
  byPartOfName,
  createFunctionPool,
  type FunctionPool,
  type NamedFunctions,
  readFunctionSettings,
} from './functions/pool.ts';
import type { FastClock, ThreadMemory } from './host.ts';
import { createLogStream, explainTakenPort, type LogStream, type Route, startHttpApi } from './http-api.ts';
import {
  createQueues,
  explainMissingTools,
  type QueueServer,
  type ServiceEndpoints,
  type ServiceSettings,
  type Services,
  startServices,
  type TableServer,
} from './servers.ts';
import {
  type Endpoints,
  queueUrl,
  REGION,
  type Resource,
  type ResourceOf,
  readTemplate,
  resolveTemplate,
  type Template,
} from './template.ts';

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

/** What would keep a template from running here, in a sentence for a person: it is cheaper to know than to synthesize. */
export async function findObstacle(port: number): Promise<string | undefined> {
  return explainMissingTools() ?? (await explainTakenPort(port));
}

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

/** Without a limit in the template, this many batches are worked on at a time. */
const DEFAULT_CONCURRENCY = 5;

type StartSettings = {
  readonly template: Template;
  readonly resources: readonly Resource[];
  readonly endpoints: Endpoints;
  readonly queues: QueueServer;
  readonly tables: TableServer;
  readonly clock: FastClock;
  readonly onLine: (functionName: string, text: string) => void;
};

/** The parts of a stack that run, and what its HTTP API leads to. */
type StartedResources = NamedFunctions & {
  readonly apiId: string;
  readonly routes: readonly Route<FunctionPool>[];
  /** Has this many of the next messages delivered again, though they were worked off. */
  readonly redeliver: (messages: number) => void;
  readonly stop: () => Promise<void>;
};

/** Creates the queues, functions and event sources of a template, and connects its routes. */
async function startResources(settings: StartSettings): Promise<Result<StartedResources, readonly string[]>> {
  const { resources, queues, tables } = settings;
  const pools = createPools(settings);
  if (!pools.ok) return pools;
  const byName = (name: string) => pools.value.find((pool) => isNamed(pool, name));

  const [api, ...furtherApis] = ofType(resources, 'AWS::ApiGatewayV2::Api');
  const routes = connectRoutes(resources, byName);
  const redelivery = { messages: 0 };
  const sources = connectEventSources({ ...settings, redelivery }, byName);
  if (api === undefined || furtherApis.length > 0) return fail(['The local run needs exactly one HTTP API.']);
  if (!routes.ok) return routes;
  if (!sources.ok) return sources;

  await createQueues(queues, ofType(resources, 'AWS::SQS::Queue'));
  await tables.createTables(ofType(resources, 'AWS::DynamoDB::Table'));
  const running = sources.value.map(([pool, source]) => startEventSource(queues.client, pool, source));
  return succeed({
    apiId: api.id,
    routes: routes.value,
    redeliver: (messages) => {
      redelivery.messages += messages;
    },
    ...byPartOfName(pools.value),
    stop: async () => {
      await Promise.all(running.map((source) => source.stop()));
      await Promise.all(pools.value.map((pool) => pool.stop()));
    },
  });
}

function createPools(settings: StartSettings): Result<readonly FunctionPool[], readonly string[]> {
  const { resources, template, endpoints, clock, onLine } = settings;
  const sources = ofType(resources, 'AWS::Lambda::EventSourceMapping');
  const functions = ofType(resources, 'AWS::Lambda::Function').map((resource) => {
    const isFedByQueue = sources.some(({ properties }) => properties.FunctionName === resource.id);
    const isFast = isFedByQueue && clock.speed > 1;
    return readFunctionSettings(resource, template, endpoints, isFast ? clock : undefined);
  });
  const problems = functions.flatMap((settled) => (settled.ok ? [] : [settled.failure]));
  if (problems.length > 0) return fail(problems);
  return succeed(
    functions.flatMap((settled) =>
      settled.ok ? [createFunctionPool(settled.value, (text) => onLine(settled.value.name, text))] : [],
    ),
  );
}

function connectRoutes(
  resources: readonly Resource[],
  byName: (name: string) => FunctionPool | undefined,
): Result<readonly Route<FunctionPool>[], readonly string[]> {
  const integrations = ofType(resources, 'AWS::ApiGatewayV2::Integration');
  const routes = ofType(resources, 'AWS::ApiGatewayV2::Route').map(({ id, properties }) => {
    const integration = integrations.find((one) => properties.Target === `integrations/${one.id}`);
    return {
      id,
      routeKey: properties.RouteKey,
      target: byName(integration?.properties.IntegrationUri ?? ''),
    };
  });
  const lost = routes.filter(({ target }) => target === undefined);
  if (lost.length > 0) return fail(lost.map(({ id }) => `${id}: the route leads to no function.`));
  return succeed(
    routes.flatMap(({ routeKey, target }) => (target === undefined ? [] : [{ routeKey, target }])),
  );
}

function connectEventSources(
  { resources, endpoints, clock, redelivery }: StartSettings & Pick<EventSourceSettings, 'redelivery'>,
  byName: (name: string) => FunctionPool | undefined,
): Result<readonly (readonly [FunctionPool, EventSourceSettings])[], readonly string[]> {
  const queues = ofType(resources, 'AWS::SQS::Queue');
  const problems: string[] = [];
  const sources = ofType(resources, 'AWS::Lambda::EventSourceMapping').flatMap(({ id, properties }) => {
    const queue = queues.find(({ properties: { QueueName } }) =>
      properties.EventSourceArn.endsWith(`:${QueueName}`),
    );
    const pool = byName(properties.FunctionName);
    if (queue === undefined || pool === undefined) {
      problems.push(`${id}: the event source has no queue or no function in this template.`);
      return [];
    }
    const settings = {
      queueUrl: queueUrl(endpoints.sqs, queue.properties.QueueName),
      queueArn: properties.EventSourceArn,
      visibilitySeconds: queue.properties.VisibilityTimeout,
      batchSize: properties.BatchSize,
      reportsFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
      concurrency: properties.ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY,
      speed: clock.speed,
      redelivery,
    };
    return [[pool, settings] as const];
  });
  return problems.length > 0 ? fail(problems) : succeed(sources);
}

/** By name, or by the ARN that ends in it. */
function isNamed({ settings }: FunctionPool, nameOrArn: string): boolean {
  return nameOrArn === settings.name || nameOrArn.endsWith(`:function:${settings.name}`);
}

function ofType<Type extends Resource['type']>(
  resources: readonly Resource[],
  type: Type,
): readonly ResourceOf<Type>[] {
  return resources.filter((resource): resource is ResourceOf<Type> => resource.type === type);
}
