import { fail, type Result, succeed } from '../../lambdas/result.ts';
import type { FastClock } from './fast-clock.ts';
import { type EventSourceSettings, startEventSource } from './functions/event-source.ts';
import {
  byPartOfName,
  createFunctionPool,
  type FunctionPool,
  type NamedFunctions,
} from './functions/pool.ts';
import { readFunctionSettings } from './functions/settings.ts';
import type { Route } from './http-api.ts';
import { createQueues, type QueueServer, type TableServer } from './servers.ts';
import type { Resource, ResourceOf } from './supported-resources.ts';
import { type Endpoints, queueUrl, type Template } from './template.ts';

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
export type StartedResources = NamedFunctions & {
  readonly apiId: string;
  readonly routes: readonly Route<FunctionPool>[];
  /** Has this many of the next messages delivered again, though they were worked off. */
  readonly redeliver: (messages: number) => void;
  readonly stop: () => Promise<void>;
};

/** Creates the queues, functions and event sources of a template, and connects its routes. */
export async function startResources(
  settings: StartSettings,
): Promise<Result<StartedResources, readonly string[]>> {
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
