import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { FastClock } from './fast-clock.ts';
import type { ResourceOf } from './supported-resources.ts';
import { REGION } from './template.ts';
import { measureThread, type ThreadMemory } from './thread-memory.ts';

/** An SQS on a free port of 127.0.0.1, speaking the real protocol. */
export type QueueServer = {
  readonly endpoint: string;
  readonly client: SQSClient;
  /** Has every message that is sent refused, or takes them again. */
  readonly refuseSends: (isRefused: boolean) => void;
  readonly memory: () => Promise<ThreadMemory>;
  readonly stop: () => Promise<void>;
};

/** Starts fauxqs in a thread of its own, which keeps time by the given clock. */
export async function startQueueServer(clock: FastClock): Promise<QueueServer> {
  const worker = new Worker(new URL('./queue-server-thread.ts', import.meta.url), { workerData: clock });
  const [endpoint]: string[] = await once(worker, 'message');
  const client = new SQSClient({
    endpoint: endpoint ?? '',
    region: REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    endpoint: endpoint ?? '',
    client,
    refuseSends: (isRefused) => worker.postMessage(isRefused ? 'refuse-sends' : 'take-sends'),
    memory: () => measureThread(worker),
    stop: async () => {
      client.destroy();
      await worker.terminate();
    },
  };
}

/** Creates the queues of a template; those that others point at as their dead-letter queue come first. */
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
 * Starts dynalite in a thread of its own, so that what the tables hold can be told from what the rest of the stack does.
 * It knows no time to live: what a table would forget stays until the end.
 */
export async function startTableServer(): Promise<TableServer> {
  const worker = new Worker(new URL('./table-server-thread.ts', import.meta.url));
  const [endpoint]: string[] = await once(worker, 'message');
  const client = new DynamoDBClient({
    endpoint: endpoint ?? '',
    region: REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    endpoint: endpoint ?? '',
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
