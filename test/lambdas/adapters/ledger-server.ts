import { startTableServer, type TableServer } from '../../../local/emulator/servers.ts';

/** Starts what stands for DynamoDB, with a table of the ledger's keys in it. */
export async function startLedgerServer(TableName: string): Promise<TableServer> {
  const server = await startTableServer();
  await server.createTables([
    {
      id: 'Ledger',
      type: 'AWS::DynamoDB::Table',
      properties: {
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'webhook', KeyType: 'HASH' },
          { AttributeName: 'event', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'webhook', AttributeType: 'S' },
          { AttributeName: 'event', AttributeType: 'S' },
        ],
      },
    },
  ]);
  return server;
}
