import { describe, expect, test } from '@jest/globals';
import type { BufferedWebhook } from '../../../../lambdas/buffer/message.ts';
import { createTally, intakeRecordOf } from '../../../../lambdas/deliver/keep-record.ts';
import {
  appendAttempt,
  createPlaces,
  hashEventKey,
  type LedgerEntry,
  lastCallOf,
  ledgerKey,
  ledgerTableName,
  recordName,
  type Settlement,
} from '../../../../lambdas/deliver/ledger/entry.ts';
import { eventsOf } from '../../../../lambdas/map/webhook.ts';
import { compiledMapping, webhookOf } from '../../map/compiled-mapping.ts';
import { NOW } from '../deliver-setup.ts';

const ENTRY: LedgerEntry = {
  webhook: 'stripe#evt_1',
  event: 'paid',
  webhookId: 'request-1',
  receivedAt: NOW,
  mappingVersion: '1',
  revision: 1,
  state: 'claimed',
  owner: 'worker-1',
  leaseUntil: NOW,
  attempts: 1,
  lastAttemptAt: NOW,
  expiresAt: NOW,
};
const WAITING: Settlement = { state: 'waiting', code: 'webex-throttled' };

describe('the history of an event', () => {
  test('keeps a success with its status, and no code of the body where there was none', () => {
    const delivered: Settlement = { state: 'delivered', transactionId: 'event_1', answer: { status: 201 } };

    expect(appendAttempt(ENTRY, delivered).history).toEqual([{ at: NOW, code: 'delivered', status: 201 }]);
  });

  test('keeps a failure with its own code and that of the answer', () => {
    const failed: Settlement = { ...WAITING, answer: { status: 200, code: '429' } };

    expect(appendAttempt(ENTRY, failed).history).toEqual([
      { at: NOW, code: 'webex-throttled', status: 200, answerCode: '429' },
    ]);
  });

  test('keeps an unanswered call without a status', () => {
    expect(appendAttempt(ENTRY, WAITING).history).toStrictEqual([{ at: NOW, code: 'webex-throttled' }]);
  });

  test('has no call that was not made after all', () => {
    expect(appendAttempt(ENTRY, { ...WAITING, isUncalled: true })).toBe(ENTRY);
  });

  test('is empty for an entry that was never called', () => {
    const { lastAttemptAt: _, ...uncalled } = ENTRY;

    expect(appendAttempt(uncalled, WAITING)).toBe(uncalled);
  });

  test('keeps the parameters and what was said of each call that differs from the next', () => {
    const said = (description: string): Settlement => ({ ...WAITING, answer: { status: 200, description } });
    const first = appendAttempt({ ...ENTRY, parameters: { total: 5 } }, said('note is missing'));
    const again = appendAttempt(first, said('note is missing'));
    const mended = appendAttempt(
      { ...again, parameters: { total: 5, note: 4 } },
      {
        ...{ state: 'delivered', transactionId: 'event_1', answer: { status: 200 } },
      },
    );
    const call = { at: NOW, code: 'webex-throttled', status: 200 };

    expect(mended.history).toStrictEqual([
      call,
      { ...call, parameters: { total: 5 }, description: 'note is missing' },
      { at: NOW, code: 'delivered', status: 200, parameters: { total: 5, note: 4 } },
    ]);
  });

  test('is of the latest twelve calls, oldest first', () => {
    const codes = Array.from({ length: 14 }, (_, index) => `code-${index}`);
    const last = codes.reduce((entry, code) => appendAttempt(entry, { ...WAITING, code }), ENTRY);

    expect(last.history?.map(({ code }) => code)).toEqual(codes.slice(2));
  });
});

const HASH_KEY = 'k'.repeat(64);

test('the hash of an event key is the same for the same key, another with another hash key, and does not reveal it', () => {
  const hash = hashEventKey('ann@example.com', HASH_KEY);

  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  expect(hashEventKey('ann@example.com', HASH_KEY)).toBe(hash);
  expect(hashEventKey('ann@example.com', 'l'.repeat(64))).not.toBe(hash);
  expect(hashEventKey('bob@example.com', HASH_KEY)).not.toBe(hash);
});

const LONG = `{% ${'due > 0 and '.repeat(30)}true %}`;
const KEY = { 'event-id': 'evt_1', 'event-key': '{% key %}' };
const ITEM = { 'event-id': 'evt_2', 'event-key': '{% $item.key %}' };
const MAPPING = compiledMapping([
  { name: 'paid', on: 'paid', ...KEY },
  { name: 'owed', on: 'paid', when: LONG, ...KEY },
  { name: 'each', on: ['batch', 'lot'], items: '{% items %}', ...ITEM },
  { name: 'some', on: 'batch', items: '{% items %}', when: '{% $item.wanted %}', ...ITEM },
]);

const WEBHOOK: Omit<BufferedWebhook, 'eventTypes' | 'rawBody'> = {
  webhookId: 'request-1',
  source: 'stripe',
  deduplicationId: 'evt_77',
  receivedAt: new Date(NOW.getTime() - 5_000),
  bodyFormat: 'json',
  headers: {},
};

async function intakeRecord(type: string, body: object, changes: Partial<BufferedWebhook> = {}) {
  const rawBody = Buffer.from(JSON.stringify(body));
  const webhook: BufferedWebhook = { ...WEBHOOK, eventTypes: [type], rawBody, ...changes };
  const events = await eventsOf(MAPPING, webhookOf(body, type));
  const tally = createTally(events);
  for (const event of events) tally.count(await event.map());
  return intakeRecordOf(webhook, { mapping: MAPPING.events, tally }, NOW);
}

describe('the intake record of a webhook', () => {
  test('shows how it was matched, in codes, counts and the words of the mapping', async () => {
    const kept = await intakeRecord('paid', { key: 'cus_77', due: 0 }, { secretIndex: 1 });

    expect(kept).toStrictEqual({
      webhookId: 'request-1',
      receivedAt: new Date(NOW.getTime() - 5_000),
      takenAt: NOW,
      eventTypes: ['paid'],
      bytes: 24,
      secretIndex: 1,
      matched: [
        { event: 'paid', made: 1, rejected: 0 },
        { event: 'owed', made: 0, rejected: 0, skipped: 'when-not-met', when: expect.any(String) },
      ],
      others: 2,
    });
    expect(kept.matched[1]?.when).toHaveLength(200);
    expect(LONG).toContain(kept.matched[1]?.when);
  });

  test('of thousands of long types and events stays far below what an item can hold, and counts what it leaves out', async () => {
    const eventTypes = Array.from({ length: 2_200 }, (_, index) => `order.${index}.${'x'.repeat(200)}`);
    const many = compiledMapping(
      Array.from({ length: 1_000 }, (_, index) => ({ name: `every-${index}`, on: '*', ...KEY })),
    );
    const tally = createTally([]);
    const webhook = { ...WEBHOOK, eventTypes, rawBody: new Uint8Array() };
    const kept = intakeRecordOf(webhook, { mapping: many.events, tally }, NOW);

    expect(JSON.stringify(kept).length).toBeLessThan(100_000);
    expect([kept.eventTypes.length + (kept.moreTypes ?? 0), kept.moreTypes]).toEqual([
      2_200,
      expect.any(Number),
    ]);
    expect([kept.matched.length, kept.moreMatched, kept.others]).toEqual([200, 800, 0]);
    const one = intakeRecordOf({ ...webhook, eventTypes: ['y'.repeat(9_000)] }, { mapping: [], tally }, NOW);
    expect([one.eventTypes.length, one.moreTypes]).toEqual([1, undefined]);
  });

  test('has as many types as fit into 8,000 characters, at least one, and says how many more there are', () => {
    const recordOf = (eventTypes: readonly string[]) => {
      const webhook = { ...WEBHOOK, eventTypes, rawBody: new Uint8Array() };
      const { eventTypes: kept, ...rest } = intakeRecordOf(
        webhook,
        { mapping: [], tally: createTally([]) },
        NOW,
      );
      return [kept.length, rest.moreTypes];
    };

    expect(recordOf(['paid', 'told'])).toEqual([2, undefined]);
    expect(recordOf(Array.from({ length: 150 }, () => 'x'.repeat(79)))).toEqual([100, 50]);
    expect(recordOf(['x'.repeat(9_000), 'paid'])).toEqual([1, 1]);
  });

  test('has two hundred events of the mapping, and only then says how many more there are', () => {
    const matchedOf = (count: number) => {
      const events = Array.from({ length: count }, (_, index) => ({
        name: `every-${index}`,
        on: '*',
        ...KEY,
      }));
      const webhook = { ...WEBHOOK, eventTypes: ['paid'], rawBody: new Uint8Array() };
      const mapping = compiledMapping(events).events;
      return intakeRecordOf(webhook, { mapping, tally: createTally([]) }, NOW);
    };

    expect(matchedOf(200)).not.toHaveProperty('moreMatched');
    expect(matchedOf(200).matched[199]).toStrictEqual({ event: 'every-199', made: 0, rejected: 0 });
    expect(matchedOf(201)).toMatchObject({ moreMatched: 1 });
  });

  test('names no secret where the webhook names none', async () => {
    expect(await intakeRecord('paid', { key: 'cus_77' })).not.toHaveProperty('secretIndex');
  });

  test('counts the items of which an event was made, and those of which none could be', async () => {
    const items = [{ key: 'a', wanted: true }, { wanted: true }, { key: 'c' }];

    expect((await intakeRecord('batch', { items })).matched).toStrictEqual([
      { event: 'each', made: 2, rejected: 1 },
      { event: 'some', made: 1, rejected: 1 },
    ]);
  });

  test('counts only the rejected items where no event could be made', async () => {
    const items = [{ wanted: true }, { key: 'c' }];

    expect((await intakeRecord('batch', { items })).matched[1]).toStrictEqual({
      event: 'some',
      made: 0,
      rejected: 1,
    });
  });

  test('distinguishes an empty list from a condition that was not met', async () => {
    expect((await intakeRecord('batch', { items: [] })).matched).toStrictEqual([
      { event: 'each', made: 0, rejected: 0, skipped: 'no-items' },
      { event: 'some', made: 0, rejected: 0, skipped: 'no-items' },
    ]);
  });
});

describe('the key of an event', () => {
  test('is different for each event of a webhook and each item of a batch', () => {
    const webhook = { source: 'hubspot', deduplicationId: 'evt#1' };

    expect(ledgerKey(webhook, { name: 'created' })).toEqual({ webhook: 'hubspot#evt#1', event: 'created' });
    expect(ledgerKey(webhook, { name: 'created', item: 0 }).event).toBe('created#0');
  });

  test('of an identified event is the same in every webhook and at every place, and no other webhook has it', () => {
    const event = { name: 'created', identity: 'evt#1' };
    const key = { webhook: 'hubspot:evt#1', event: 'created' };

    expect(ledgerKey({ source: 'hubspot', deduplicationId: 'one' }, { ...event, item: 0 })).toEqual(key);
    expect(ledgerKey({ source: 'hubspot', deduplicationId: 'other' }, { ...event, item: 7 })).toEqual(key);
    expect(ledgerKey({ source: 'hubspot', deduplicationId: 'evt#1' }, { name: 'created' })).not.toEqual(key);
  });

  test('fits into DynamoDB, whatever a vendor uses as an id', () => {
    const { webhook } = ledgerKey({ source: 's', deduplicationId: 'é'.repeat(5_000) }, { name: 'created' });

    expect(webhook).toMatch(/^s#sha256:[0-9a-f]{64}$/);
    expect(
      ledgerKey({ source: 's', deduplicationId: 'x'.repeat(1_024) }, { name: 'a' }).webhook,
    ).toHaveLength(1_026);
  });
});

describe('the last call of a settled entry', () => {
  test.each([
    ['delivered', { answer: { status: 200 } }, { at: NOW, code: 'delivered', status: 200 }],
    ['failed', { code: 'webex-refused' }, { at: NOW, code: 'webex-refused' }],
    ['delivered', { code: 'webex-refused', lastAttemptAt: undefined }, undefined],
    ['waiting', {}, undefined],
  ] as const)('of one that is %s, with %j, is %j', (state, changes, call) => {
    expect(lastCallOf({ ...ENTRY, state, ...changes } as LedgerEntry)).toStrictEqual(call);
  });
});

describe('places in a list', () => {
  test('are those that were added, each once, in as few bytes as hold them', () => {
    const places = createPlaces(20);
    for (const place of [0, 9, 9, 19]) places.add(place);

    expect(places.size()).toBe(3);
    expect([0, 1, 9, 19].map(places.has)).toEqual([true, false, true, true]);
    expect([...places.bytes()]).toEqual([1, 2, 8]);
  });

  test('are read from their bits, of which those of further places do not count', () => {
    const places = createPlaces(16, new Uint8Array([0b11, 0b1000_0000, 0xff]));

    expect(places.size()).toBe(3);
    expect([...places.bytes()]).toEqual([0b11, 0b1000_0000]);
  });
});

test('the ledger and the items beside its entries have their names', () => {
  expect(ledgerTableName('adapter-prod')).toBe('adapter-prod-ledger');
  expect(recordName('delivery-1')).toBe('#received#delivery-1');
  expect(recordName('delivery-1', 'message-2')).toBe('#replay#message-2');
});
