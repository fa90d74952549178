import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import createDynalite from 'dynalite';
import { REGION } from '../template/read-template.ts';
import type { ResourceOf } from '../template/supported-resources.ts';

/** A DynamoDB on a free port of 127.0.0.1, in memory, speaking the real protocol. */
export type TableServer = {
  readonly endpoint: string;
  readonly createTables: (tables: readonly ResourceOf<'AWS::DynamoDB::Table'>[]) => Promise<void>;
  /** Makes every request fail without an answer, or lets them through again. What the tables hold stays. */
  readonly setAway: (isAway: boolean) => void;
  readonly stop: () => Promise<void>;
};

/** Starts dynalite. It knows no time to live: what a table would forget stays until the end. */
export async function startTableServer(): Promise<TableServer> {
  const server = createDynalite({ createTableMs: 0 });
  const setAway = makeAbsentable(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const endpoint = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  const client = new DynamoDBClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    endpoint,
    setAway,
    createTables: async (tables) => {
      for (const { properties } of tables) {
        const { TableName, KeySchema, AttributeDefinitions, BillingMode, GlobalSecondaryIndexes } =
          properties;
        await client.send(
          new CreateTableCommand({
            TableName,
            KeySchema,
            AttributeDefinitions,
            BillingMode,
            ...(GlobalSecondaryIndexes && { GlobalSecondaryIndexes }),
          }),
        );
      }
    },
    stop: async () => {
      client.destroy();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Closing the server would empty the tables: a request is cut off before dynalite sees it. */
function makeAbsentable(server: Server): (isAway: boolean) => void {
  let isServerAway = false;
  const handlers = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response) => {
    if (isServerAway) request.socket.destroy();
    else for (const handle of handlers) Reflect.apply(handle, server, [request, response]);
  });
  return (isAway) => {
    isServerAway = isAway;
  };
}
