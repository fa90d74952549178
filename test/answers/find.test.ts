import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findWebhook } from '../../answers/find.ts';
import { type Account, PROJECT } from '../../answers/project.ts';
import { storyEnd } from '../../answers/story.ts';
import { identifiedItems, intakeRecordItem, writeItem } from '../../lambdas/adapters/ledger-item.ts';
import {
  createPlaces,
  type IntakeRecord,
  type LedgerEntry,
  ledgerTableName,
} from '../../lambdas/deliver/ledger/entry.ts';
import type { TableServer } from '../../local/emulator/servers.ts';
import { startLedgerServer } from '../lambdas/adapters/ledger-server.ts';

const NOW = new Date('2026-11-24T12:00:00.000Z');
const STACK = 'adapter-test';
const TableName = ledgerTableName(STACK);

const RECORD: IntakeRecord = {
  webhookId: 'ours',
  receivedAt: NOW,
  takenAt: NOW,
  eventTypes: ['contact.creation'],
  bytes: 2,
  matched: [{ event: 'created', made: 2, rejected: 0 }],
  others: 0,
};

function entry(webhook: string, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    webhook,
    event: 'created',
    revision: 2,
    state: 'delivered',
    owner: 'worker',
    leaseUntil: NOW,
    attempts: 1,
    firstAttemptAt: NOW,
    lastAttemptAt: NOW,
    webhookId: 'ours',
    receivedAt: NOW,
    mappingVersion: 'v1',
    expiresAt: NOW,
    ...changes,
  };
}

const ITEMS = [
  { name: 'created', item: 0, identity: '7:100:1' },
  { name: 'created', item: 1, identity: '7:200:1' },
] as const;

/** A batch of 9,900 events, of which 7,226 have ended, 26 of them refused. */
const LARGE = 9_900;
const ENDED = 7_226;
/** Of these, the test writes no more, for time's sake. */
const WRITTEN = 150;
const REFUSED = 26;
const PLACES = createPlaces(LARGE);
for (let place = 0; place < ENDED; place += 1) PLACES.add(place);
const LARGE_ITEMS = Array.from({ length: LARGE }, (_, item) => ({
  name: 'created',
  item,
  identity: `8:${item}:1`,
}));
const LARGE_RECORD: IntakeRecord = {
  ...RECORD,
  webhookId: 'ours-large',
  progress: { mappingDigest: 'd', events: LARGE, ended: PLACES, outOfTime: 0 },
};

let server: TableServer;
let account: Account;
const mappings = mkdtempSync(join(tmpdir(), 'find-'));

beforeAll(async () => {
  mkdirSync(join(mappings, 'crm'));
  writeFileSync(
    join(mappings, 'crm', 'mapping.yaml'),
    `source: crm
verify: hubspot-v3
secret: webhooks/crm
events:
  - name: created
    formerly: [made]
    on: contact.creation
    items: "{% $ %}"
    event-id: evt_1
    event-key: "{% $item.objectId %}"
`,
  );
  server = await startLedgerServer(TableName);
  const dynamoDb = new DynamoDBClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  // There are no dead letters.
  const sqs = { send: async () => ({}) } as unknown as Account['sqs'];
  const secretsManager = {} as Account['secretsManager'];
  account = { stackName: STACK, sqs, secretsManager, dynamoDb, clock: { now: () => NOW, speed: 1 } };
  for (const Item of itemsOfLedger()) await dynamoDb.send(new PutItemCommand({ TableName, Item }));
}, 60_000);

function itemsOfLedger() {
  const large = LARGE_ITEMS.slice(0, WRITTEN).map(({ item, identity }) =>
    entry(`crm:${identity}`, {
      webhookId: 'ours-large',
      ...(item < REFUSED && { state: 'failed', code: 'webex-refused', deadLetteredAt: NOW }),
    }),
  );
  return [
    intakeRecordItem('crm#hash', { ...RECORD, identified: ITEMS }),
    writeItem(entry('crm:7:100:1', { transactionId: 'event_100' })),
    writeItem(entry('crm:7:200:1', { state: 'waiting', code: 'webex-throttled' })),
    // What 0.1.0 had of a batch, and where the first of it went on.
    writeItem(
      entry('crm#old', {
        event: 'made#0',
        state: 'waiting',
        movedTo: { webhook: 'crm:9:1:1', event: 'created' },
      }),
    ),
    writeItem(entry('crm#old', { event: 'made#1', state: 'delivered' })),
    writeItem(entry('crm:9:1:1', { revision: 4, transactionId: 'event_9' })),
    intakeRecordItem('crm#large', LARGE_RECORD),
    ...identifiedItems('crm#large', LARGE_RECORD, LARGE_ITEMS),
    ...large.map(writeItem),
  ];
}

afterAll(async () => {
  account.dynamoDb.destroy();
  await server.stop();
  rmSync(mappings, { recursive: true });
});

async function find(id: string) {
  return findWebhook(account, { ...PROJECT, mappings }, { id });
}

const told = (found: Awaited<ReturnType<typeof find>>) =>
  found.map(({ story }) => [story.webhook, story.entries.map(({ event, state }) => `${event} ${state}`)]);

describe('a webhook whose events are found by the ids of their facts', () => {
  const WHOLE = [['crm#hash', ['created#0 delivered', 'created#1 waiting']]];

  test('is found by its own id, with all of its events', async () => {
    const found = await find('hash');

    expect(told(found)).toEqual(WHOLE);
    expect(found[0]?.story.intakeRecords.map(({ webhookId }) => webhookId)).toEqual(['ours']);
  });

  test('is found by our id of its delivery, once', async () => {
    expect(told(await find('ours'))).toContainEqual(WHOLE[0]);
    expect(told(await find('ours')).filter(([webhook]) => String(webhook).startsWith('crm:7'))).toEqual([]);
  });

  test('is found by the id of one of its items, or its transaction, as far as it is of that', async () => {
    expect(told(await find('7:200:1'))).toEqual([['crm:7:200:1', ['created waiting']]]);
    expect(told(await find('event_100'))).toEqual([['crm:7:100:1', ['created delivered']]]);
  });
});

test('an event that has moved to another key is told once, as it is there, by its present name', async () => {
  const [found] = await find('old');

  expect(told(found === undefined ? [] : [found])).toEqual([
    ['crm#old', ['created#0 delivered', 'created#1 delivered']],
  ]);
  expect(found?.story.entries[0]?.transactionId).toBe('event_9');
});

test('a large batch is told in a few lines: how far it has come, and what ended alike', async () => {
  const [found] = await find('large');
  const end = found === undefined ? [] : storyEnd(found);

  expect(end.filter((line) => !line.startsWith('  '))).toEqual([
    '7,226 of 9,900 events have ended.',
    'created, items 1–26 of the batch: 26 events NOT SENT (webex-refused).',
    'created, items 27–150 of the batch: 124 events ACCEPTED by Webex Campaign.',
  ]);
  expect(end.length).toBeLessThan(12);
});
