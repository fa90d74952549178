import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { REGION } from '../template/read-template.ts';
import type { ResourceOf } from '../template/supported-resources.ts';
import { measureThread, type ThreadMemory } from '../thread-memory.ts';

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
