import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readIntakeRecord } from '../../../lambdas/adapters/ledger-item.ts';
import { createLedgerTable, type LedgerTable } from '../../../lambdas/adapters/ledger-table.ts';
import type { IntakeRecord } from '../../../lambdas/deliver/ledger/entry.ts';
import { createPlaces, expiryOf, type LedgerEntry } from '../../../lambdas/deliver/ledger/entry.ts';
import type { TableServer } from '../../../local/emulator/servers.ts';
import { startLedgerServer } from './ledger-server.ts';

const environment = { ...process.env };
let server: TableServer;
let ledger: LedgerTable;

beforeAll(async () => {
  server = await startLedgerServer('ledger');
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: server.endpoint,
  });
  ledger = createLedgerTable('ledger');
});

afterAll(async () => {
  process.env = environment;
  await server.stop();
});

const NOW = new Date('2026-11-24T12:00:00.000Z');

function entry(id: string, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    webhook: `stripe#${id}`,
    event: 'paid',
    revision: 1,
    state: 'claimed',
    owner: 'worker-1',
    leaseUntil: NOW,
    attempts: 1,
    webhookId: 'JKJaXmPLvHcESHA=',
    receivedAt: NOW,
    mappingVersion: '0123456789ab',
    expiresAt: NOW,
    ...changes,
  };
}

const INTAKE_RECORD: IntakeRecord = {
  webhookId: 'first',
  receivedAt: NOW,
  takenAt: NOW,
  eventTypes: ['invoice.paid', 'invoice.*'],
  bytes: 24,
  secretIndex: 0,
  matched: [{ event: 'paid', made: 1, rejected: 0 }],
  others: 9,
};

/** What the table has. */
async function itemOf(webhook: string, event = 'paid') {
  const Key = { webhook: { S: webhook }, event: { S: event } };
  return (await new DynamoDBClient({}).send(new GetItemCommand({ TableName: 'ledger', Key }))).Item;
}

describe('the ledger in DynamoDB', () => {
  test('gives an entry back as it was written, with all that it may have and with none of it', async () => {
    const full = entry('full', {
      state: 'unconfirmed',
      eventKeyHash: 'a1',
      firstAttemptAt: NOW,
      lastAttemptAt: NOW,
      code: 'unconfirmed',
      stage: 'deliver',
      detail: 'timeout',
      transactionId: 'event_1',
      eventId: 'evt_mended',
      parameters: { note: 4 },
      history: [
        { at: NOW, code: 'throttled', status: 429, eventId: 'evt_before' },
        { at: NOW, code: 'throttled', status: 429, eventId: 'evt_mended' },
        { at: NOW, code: 'unconfirmed', status: 500, answerCode: '500', eventId: 'evt_mended' },
      ],
      answer: { status: 500, code: '500' },
      intakeRecord: INTAKE_RECORD,
      isUnsure: true,
      deadLetteredAt: NOW,
    });
    const bare = entry('bare', { answer: { status: 200 } });

    for (const one of [full, bare]) {
      expect(await ledger.write(one)).toEqual({ ok: true, value: 'written' });
      expect(await ledger.read(one)).toEqual({ ok: true, value: one });
    }
    expect(await ledger.read(entry('absent'))).toEqual({ ok: true, value: undefined });
  });

  test('takes a first entry once, and each further one only after the one that its writer has read', async () => {
    expect(await ledger.write(entry('one'))).toEqual({ ok: true, value: 'written' });
    expect(await ledger.write(entry('one', { owner: 'worker-2' }))).toEqual({ ok: true, value: 'changed' });
    expect(await ledger.write(entry('one', { revision: 3 }))).toEqual({ ok: true, value: 'changed' });
    expect(await ledger.write(entry('one', { revision: 2 }))).toEqual({ ok: true, value: 'written' });
    expect(await ledger.write(entry('one', { revision: 2 }))).toEqual({ ok: true, value: 'changed' });
    expect(await ledger.write(entry('none', { revision: 2 }))).toEqual({ ok: true, value: 'changed' });
  });

  test('gives DynamoDB the time to forget an entry as it wants it: whole seconds, as a number', async () => {
    await ledger.write(entry('ttl'));

    expect((await itemOf('stripe#ttl'))?.expiresAt).toEqual({ N: String(NOW.getTime() / 1000) });
  });

  test('keeps the first intake record of a delivery beside its events, and lets it expire as they do', async () => {
    expect(await ledger.writeIntakeRecord('stripe#beside', INTAKE_RECORD)).toEqual({
      ok: true,
      value: undefined,
    });
    const later = { ...INTAKE_RECORD, takenAt: new Date(NOW.getTime() + 1) };
    expect(await ledger.writeIntakeRecord('stripe#beside', later)).toEqual({ ok: true, value: undefined });

    const item = (await itemOf('stripe#beside', '#received#first')) ?? {};
    expect(readIntakeRecord(item)).toStrictEqual(INTAKE_RECORD);
    expect(item.expiresAt).toEqual({ N: String(expiryOf(NOW).getTime() / 1000) });
  });

  test('copies an entry as it is into an empty place, or over what was read there', async () => {
    const moved = entry('copied', { revision: 4 });
    expect(await ledger.copy(moved)).toEqual({ ok: true, value: 'written' });
    expect(await ledger.copy(moved)).toEqual({ ok: true, value: 'changed' });
    expect(await ledger.copy({ ...moved, revision: 9 }, entry('copied', { revision: 3 }))).toMatchObject({
      value: 'changed',
    });
    const movedTo = { webhook: 'stripe:1', event: 'bought' };
    expect(await ledger.copy({ ...moved, movedTo }, moved)).toMatchObject({ value: 'written' });
    expect(await ledger.read(moved)).toEqual({ ok: true, value: { ...moved, movedTo } });
  });

  test('reads a partition in pages, from a name on, and leaves out what people did', async () => {
    for (const event of ['a', 'b', 'c']) await ledger.write(entry('paged', { event }));
    await ledger.writeIntakeRecord('stripe#paged', INTAKE_RECORD);
    const names = async (range: Parameters<LedgerTable['query']>[1]) => {
      const page = await ledger.query('stripe#paged', range);
      if (!page.ok) throw new Error(page.failure.cause);
      const { entries, intakeRecords, last } = page.value;
      return [entries.map(({ event }) => event), intakeRecords.map(({ webhookId }) => webhookId), last];
    };

    expect(await names({})).toEqual([['a', 'b', 'c'], ['first'], undefined]);
    expect(await names({ from: '#received#first', limit: 1 })).toEqual([[], ['first'], '#received#first']);
    expect(await names({ from: 'b' })).toEqual([['b', 'c'], [], undefined]);
    expect(await names({ after: 'a', limit: 1 })).toEqual([['b'], [], 'b']);
  });

  test('keeps how far work has come in the record, the latest in the place of the one before', async () => {
    const ended = createPlaces(20);
    const progress = { mappingDigest: 'd', events: 20, ended, outOfTime: 0 };
    await ledger.writeIntakeRecord('stripe#progress', { ...INTAKE_RECORD, progress });
    ended.add(17);
    await ledger.writeIntakeRecord('stripe#progress', { ...INTAKE_RECORD, progress });

    const page = await ledger.query('stripe#progress', {});
    const read = page.ok ? page.value.intakeRecords[0]?.progress : undefined;
    expect([read?.ended.size(), read?.ended.has(17), read?.ended.has(16)]).toEqual([1, true, false]);
  });

  test('keeps the identified events of a large batch in pages that an item can hold', async () => {
    const identified = Array.from({ length: 3_000 }, (_, item) => ({
      name: 'each',
      item,
      identity: '\u65e5'.repeat(250),
    }));
    expect(await ledger.writeIdentified('stripe#ids', INTAKE_RECORD, identified)).toMatchObject({ ok: true });

    const pages: (readonly unknown[])[] = [];
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page = await ledger.query('stripe#ids', after === '' ? {} : { after });
      if (!page.ok) throw new Error(page.failure.cause);
      pages.push(...page.value.identified.values());
      expect([...page.value.identified.keys()]).toEqual(['#received#first']);
      after = page.value.last;
    }
    expect(pages.flat()).toEqual(identified);
  });

  test('that cannot be reached is a failure with the name of the error, and no message of it', async () => {
    const missing = createLedgerTable('missing');
    const failure = { code: 'ledger-unavailable', cause: 'ResourceNotFoundException' };

    expect(await missing.read(entry('any'))).toEqual({ ok: false, failure });
    expect(await missing.write(entry('any'))).toEqual({ ok: false, failure });
    expect(await missing.writeIntakeRecord('any', INTAKE_RECORD)).toEqual({ ok: false, failure });
    expect(await missing.copy(entry('any'))).toEqual({ ok: false, failure });
    expect(await missing.query('any', {})).toEqual({ ok: false, failure });
    const identified = [{ name: 'each', identity: '1' }];
    expect(await missing.writeIdentified('any', INTAKE_RECORD, identified)).toEqual({ ok: false, failure });
  });
});

test('every read of the ledger is consistent, but that of the pauses, which opens the connection', async () => {
  const asked: unknown[] = [];
  const recorder = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1);
    asked.push([operation, await json(request)]);
    const Items = [
      { webhook: { S: '#pause' }, event: { S: '#stripe' } },
      { webhook: { S: '#pause' }, event: { S: '#shopify' }, resumedAt: { S: '2026-12-01T00:00:00.000Z' } },
    ];
    const answer = JSON.stringify(asked.length === 1 ? { Items } : {});
    response.setHeader('content-type', 'application/x-amz-json-1.0').end(answer);
  });
  await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve));
  const before = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`;
  const recorded = createLedgerTable('ledger');

  expect(await recorded.readPauses()).toEqual({ ok: true, value: ['stripe'] });
  expect(await recorded.query('stripe#1', {})).toMatchObject({ ok: true, value: { entries: [] } });
  process.env.AWS_ENDPOINT_URL_DYNAMODB = before;
  recorder.closeAllConnections();
  recorder.close();
  expect(asked).toEqual([
    ['Query', expect.objectContaining({ TableName: 'ledger', ConsistentRead: false })],
    ['Query', expect.objectContaining({ TableName: 'ledger', ConsistentRead: true })],
  ]);
});
