import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type FastClock, measureThread, type ThreadMemory } from './host.ts';
import { type ReadSecrets, type SecretsManager, startSecretsManager } from './secrets-manager.ts';
import { CREDENTIALS, type Endpoints, REGION, type ResourceOf } from './template.ts';

/** The ports that stand in for the services that functions call. */
export type ServiceEndpoints = Omit<Endpoints, 'httpApi'>;

/** What stands in for those services, empty until a template's resources are declared. */
export type Services = {
  readonly queues: QueueServer;
  readonly secretsManager: SecretsManager;
  readonly tables: TableServer;
  /** Where functions find them. */
  readonly endpoints: ServiceEndpoints;
};

export type ServiceSettings = {
  readonly clock: FastClock;
  readonly readSecrets: ReadSecrets;
  /**
   * Starts proxies and returns their endpoints, which functions then call.
   * @default functions call the services directly
   */
  readonly standBetween?: ((endpoints: ServiceEndpoints) => Promise<ServiceEndpoints>) | undefined;
};

/** Starts what stands in for SQS, Secrets Manager and DynamoDB, each on a free port of 127.0.0.1. */
export async function startServices(settings: ServiceSettings): Promise<Services> {
  const { clock, readSecrets, standBetween = async (own) => own } = settings;
  const queues = await startQueueServer(clock);
  const secretsManager = await startSecretsManager(readSecrets);
  const tables = await startTableServer();
  const endpoints = await standBetween({
    sqs: queues.endpoint,
    secretsManager: secretsManager.endpoint,
    dynamoDb: tables.endpoint,
  });
  return { queues, secretsManager, tables, endpoints };
}

/** An SQS on a free port of 127.0.0.1, speaking the real protocol. */
export type QueueServer = {
  readonly endpoint: string;
  readonly client: SQSClient;
  /** Refuses every message that is sent, or takes them again. */
  readonly refuseSends: (isRefused: boolean) => void;
  readonly memory: () => Promise<ThreadMemory>;
  readonly stop: () => Promise<void>;
};

/** Starts fauxqs in a thread of its own, which keeps time by the given clock. */
export async function startQueueServer(clock: FastClock): Promise<QueueServer> {
  const worker = new Worker(new URL('./queue-server-thread.ts', import.meta.url), { workerData: clock });
  const [endpoint = '']: string[] = await once(worker, 'message');
  const client = new SQSClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  return {
    endpoint,
    client,
    refuseSends: (isRefused) => worker.postMessage(isRefused ? 'refuse-sends' : 'take-sends'),
    memory: () => measureThread(worker),
    stop: async () => {
      client.destroy();
      await worker.terminate();
    },
  };
}

/** Creates the queues of a template, dead-letter queues first: the others refer to them. */
export async function createQueues(
  { client }: QueueServer,
  queues: readonly ResourceOf<'AWS::SQS::Queue'>[],
): Promise<void> {
  const targetsFirst = queues.toSorted(
    (a, b) =>
      Number(a.properties.RedrivePolicy !== undefined) - Number(b.properties.RedrivePolicy !== undefined),
  );
  for (const { properties } of targetsFirst) {
    const { QueueName, VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = properties;
    await client.send(
      new CreateQueueCommand({
        QueueName,
        Attributes: {
          VisibilityTimeout: String(VisibilityTimeout),
          MessageRetentionPeriod: String(MessageRetentionPeriod),
          ...(RedrivePolicy && { RedrivePolicy: JSON.stringify(RedrivePolicy) }),
        },
      }),
    );
  }
}

/** A DynamoDB on a free port of 127.0.0.1, in memory, speaking the real protocol. */
export type TableServer = {
  readonly endpoint: string;
  readonly createTables: (tables: readonly ResourceOf<'AWS::DynamoDB::Table'>[]) => Promise<void>;
  /** Makes every request fail without an answer, or lets them through again. What the tables hold stays. */
  readonly setAway: (isAway: boolean) => void;
  readonly memory: () => Promise<ThreadMemory>;
  readonly stop: () => Promise<void>;
};

/**
 * Starts dynalite in a thread of its own, so that its memory can be measured apart from the rest of the stack. It has no
 * time to live: expired items stay until the end.
 */
export async function startTableServer(): Promise<TableServer> {
  const worker = new Worker(new URL('./table-server-thread.ts', import.meta.url));
  const [endpoint = '']: string[] = await once(worker, 'message');
  const client = new DynamoDBClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  return {
    endpoint,
    setAway: (isAway) => worker.postMessage(isAway ? 'away' : 'back'),
    memory: () => measureThread(worker),
    createTables: async (tables) => {
      for (const { properties } of tables) {
        const { TableName, KeySchema, AttributeDefinitions, BillingMode } = properties;
        await client.send(
          new CreateTableCommand({ TableName, KeySchema, AttributeDefinitions, BillingMode }),
        );
      }
    },
    stop: async () => {
      client.destroy();
      await worker.terminate();
    },
  };
}
