import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { scanWebhooks } from '../../answers/ledger-items.ts';
import { intakeRecordItem, writeItem } from '../../lambdas/adapters/ledger-item.ts';
import type { IntakeRecord } from '../../lambdas/deliver/ledger/entry.ts';
import { type LedgerEntry, ledgerTableName } from '../../lambdas/deliver/ledger/entry.ts';
import type { TableServer } from '../../local/emulator/servers.ts';
import { startLedgerServer } from '../lambdas/adapters/ledger-server.ts';

const NOW = new Date('2026-11-24T12:00:00.000Z');
const STACK = 'adapter-test';
const TableName = ledgerTableName(STACK);

/** So large that each segment has more than the megabyte that a page holds. */
const OTHERS = 64;
const LARGE = 'x'.repeat(200_000);

const INTAKE_RECORD: IntakeRecord = {
  webhookId: 'first',
  receivedAt: NOW,
  takenAt: NOW,
  eventTypes: ['paid'],
  bytes: 2,
  matched: [],
  others: 0,
};

function entry(id: string, changes: Partial<LedgerEntry>): LedgerEntry {
  return {
    webhook: `stripe#${id}`,
    event: 'paid',
    revision: 1,
    state: 'delivered',
    owner: 'worker',
    leaseUntil: NOW,
    attempts: 1,
    webhookId: `ours-${id}`,
    receivedAt: NOW,
    mappingVersion: 'v1',
    expiresAt: NOW,
    ...changes,
  };
}

let server: TableServer;
let dynamoDb: DynamoDBClient;

beforeAll(async () => {
  server = await startLedgerServer(TableName);
  dynamoDb = new DynamoDBClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const items = [
    writeItem(entry('one', { transactionId: 'event_1' })),
    writeItem(entry('one', { event: 'also', transactionId: 'event_2' })),
    writeItem(entry('two', { intakeRecord: INTAKE_RECORD })),
    intakeRecordItem('stripe#skipped', { ...INTAKE_RECORD, webhookId: 'ours-skipped' }),
    ...Array.from({ length: OTHERS }, (_, index) => writeItem(entry(`${index}`, { detail: LARGE }))),
  ];
  for (const Item of items) await dynamoDb.send(new PutItemCommand({ TableName, Item }));
}, 60_000);

afterAll(async () => {
  dynamoDb.destroy();
  await server.stop();
});

test.each([
  ['Webex Campaign’s of an event', 'event_2', ['stripe#one']],
  ['our own of a delivery, once for all of its events', 'ours-one', ['stripe#one']],
  [
    'our own of the delivery of the intake record, where the entry is of a later one',
    'first',
    ['stripe#two'],
  ],
  ['our own of a delivery without a claimed event', 'ours-skipped', ['stripe#skipped']],
  ['none of these', 'stripe#one', []],
])('a webhook is found by any other id in a large ledger: %s', async (_, id, webhooks) => {
  const counts: number[] = [];

  expect(await scanWebhooks({ dynamoDb, stackName: STACK }, id, (count) => counts.push(count))).toEqual(
    webhooks,
  );
  expect(counts.at(-1)).toBe(OTHERS + 4);
  // More pages than segments: some had a second page.
  expect(counts.length).toBeGreaterThan(8);
});
