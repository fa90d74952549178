import { describe, expect, test } from '@jest/globals';
import type { BufferedWebhook } from '../../../lambdas/buffer/message.ts';
import { createRecordKeeper } from '../../../lambdas/deliver/keep-record.ts';
import {
  createPlaces,
  type IdentifiedEvent,
  type IntakeRecord,
  type LedgerEntry,
  type LedgerFailure,
  type Progress,
  type WebhookLedger,
} from '../../../lambdas/deliver/ledger/entry.ts';
import type { Known } from '../../../lambdas/deliver/ledger/known.ts';
import type { OutcomeLine } from '../../../lambdas/deliver/log-line.ts';
import type { PendingEvent } from '../../../lambdas/map/webhook.ts';
import { fail, type Result, succeed } from '../../../lambdas/result.ts';
import { NOW } from './deliver-setup.ts';
import { createMemoryLedger } from './ledger/memory-ledger.ts';

const WEBHOOK: BufferedWebhook = {
  webhookId: 'delivery-1',
  source: 'shop',
  eventTypes: ['paid'],
  deduplicationId: 'evt',
  receivedAt: NOW,
  bodyFormat: 'json',
  headers: {},
  rawBody: Buffer.from('{}'),
};

const RECORD: IntakeRecord = {
  webhookId: 'delivery-1',
  receivedAt: NOW,
  takenAt: new Date(NOW.getTime() - 60_000),
  eventTypes: ['paid'],
  bytes: 2,
  matched: [],
  others: 0,
};

const PROGRESS: Progress = { mappingDigest: 'today', events: 2, ended: createPlaces(2), outOfTime: 0 };

const UNREACHABLE: Result<never, LedgerFailure> = fail({ code: 'ledger-unavailable', cause: 'TimeoutError' });

type ListedEvent = Pick<PendingEvent, 'name' | 'item' | 'identity'>;

const identified = (count: number): readonly (ListedEvent & IdentifiedEvent)[] =>
  Array.from({ length: count }, (_, item) => ({ name: 'each', item, identity: `id-${item}` }));

/** A keeper of the record of a webhook with these events, and what it wrote. */
function keep(
  events: readonly ListedEvent[],
  known: Partial<Known> = {},
  { remaining = 30_000, answers = [] }: { remaining?: number; answers?: Result<void, LedgerFailure>[] } = {},
) {
  const records: IntakeRecord[] = [];
  const pages: (readonly IdentifiedEvent[])[] = [];
  const lines: OutcomeLine[] = [];
  const answer = () => answers.shift() ?? succeed(undefined);
  const ledger: WebhookLedger = {
    ...createMemoryLedger(),
    writeIntakeRecord: async (_, record) => {
      records.push(record);
      return answer();
    },
    writeIdentified: async (_, __, page) => {
      pages.push(page);
      return answer();
    },
  };
  const terms = { onUnconfirmed: 'park', mappingVersion: 'v1' } as const;
  const map = () => Promise.reject(new Error('Nothing is mapped.'));
  const listed = {
    webhook: WEBHOOK,
    mapping: { source: 'shop', formerly: [], events: [], digest: 'today' },
    events: events.map((event) => ({ ...event, formerly: [], terms, map })),
  };
  const nothing = { identified: [], entryAt: () => undefined, formerAt: () => undefined, vanished: [] };
  const keeper = createRecordKeeper(
    listed,
    { ...nothing, isComplete: false, ...known },
    { now: () => NOW, remainingMilliseconds: () => remaining, ledger, log: (line) => lines.push(line) },
  );
  return { keeper, records, pages, causes: () => lines.map(({ code, cause }) => [code, cause]) };
}

const PAID = { name: 'paid' };

describe('the record of a small webhook', () => {
  const carrier = { intakeRecord: RECORD } as LedgerEntry;

  test('is carried by its first entry, until one has it', async () => {
    const { keeper } = keep([PAID]);
    expect(keeper.carried()).toMatchObject({ webhookId: 'delivery-1', takenAt: NOW });
    const entry = {
      webhook: 'shop#evt',
      event: 'paid',
      revision: 1,
      intakeRecord: RECORD,
    } as LedgerEntry;
    await keeper.ledger.write(entry);

    expect(keeper.carried()).toBeUndefined();
  });

  test('is carried by none where one was read that has it, or it is an item of its own', () => {
    expect(keep([PAID], { entryAt: () => carrier }).keeper.carried()).toBeUndefined();
    expect(keep([PAID], { intakeRecord: RECORD }).keeper.carried()).toBeUndefined();
    expect(keep([{ ...PAID, identity: 'a' }]).keeper.carried()).toBeUndefined();
  });

  test('is carried though another delivery’s entry has its own', () => {
    const other = { intakeRecord: { ...RECORD, webhookId: 'delivery-0' } } as LedgerEntry;

    expect(keep([PAID], { entryAt: () => other }).keeper.carried()).toMatchObject({
      webhookId: 'delivery-1',
    });
  });

  test('becomes an item of its own where no entry has it, if there is time', async () => {
    const enough = keep([PAID], {}, { remaining: 12_000 });
    await enough.keeper.keep(PROGRESS, true);
    expect(enough.records).toHaveLength(1);
    expect(enough.records[0]).not.toHaveProperty('progress');

    const little = keep([PAID], {}, { remaining: 11_999 });
    await little.keeper.keep(PROGRESS, true);
    expect([little.records, little.causes()]).toEqual([[], []]);
    await little.keeper.keep(PROGRESS, false);
    expect(little.causes()).toEqual([['intake-record-not-written', 'no-time']]);
  });

  test('of several events is kept with its progress where the message comes again', async () => {
    const { keeper, records } = keep([PAID, { name: 'told' }]);
    await keeper.keep(PROGRESS, true);

    expect(records).toMatchObject([{ progress: { mappingDigest: 'today' } }]);
  });
});

describe('the record of a webhook that is an item of its own', () => {
  test('has when it was taken first, and lists its events by their identities while they are few', async () => {
    const { keeper, records, pages } = keep(identified(20), { intakeRecord: RECORD, progress: PROGRESS });
    await keeper.keep(PROGRESS, false);

    expect(records).toMatchObject([{ takenAt: RECORD.takenAt, identified: identified(20) }]);
    expect(pages).toEqual([]);
  });

  test('lists no event without an identity, and what an earlier mapping had', async () => {
    const before = { name: 'gone', identity: 'a' };
    const { keeper, records } = keep([...identified(1), PAID], { identified: [before, ...identified(1)] });
    await keeper.keep(PROGRESS, false);
    expect(records[0]?.identified).toStrictEqual([before, ...identified(1)]);

    const none = keep(Array.from({ length: 11 }, (_, item) => ({ name: 'each', item })));
    await none.keeper.keep(PROGRESS, false);
    expect(none.records[0]).not.toHaveProperty('identified');
  });

  test('has a long list beside it, which is written once', async () => {
    const { keeper, records, pages } = keep(identified(21));
    await keeper.keep(PROGRESS, false);
    await keeper.keep(PROGRESS, false);

    expect(pages).toEqual([identified(21)]);
    expect(records).toHaveLength(2);
    expect(records[0]).not.toHaveProperty('identified');
  });

  test('has its long list from an earlier receive', async () => {
    const { keeper, pages } = keep(identified(21), { intakeRecord: RECORD, progress: PROGRESS });
    await keeper.keep(PROGRESS, false);

    expect(pages).toEqual([]);
  });

  test('is not written before its long list is, and says what kept it', async () => {
    const { keeper, records, pages, causes } = keep(identified(21), {}, { answers: [UNREACHABLE] });
    await keeper.keep(PROGRESS, false);
    expect([pages.length, records, causes()]).toEqual([
      1,
      [],
      [['intake-record-not-written', 'TimeoutError']],
    ]);
    await keeper.keep(PROGRESS, false);

    expect([pages.length, records.length, causes().length]).toEqual([2, 1, 1]);
  });

  test.each([
    [3_000, 1, []],
    [2_999, 0, [['intake-record-not-written', 'no-time']]],
  ])('is written with three seconds left, and not with less: %d ms', async (remaining, count, told) => {
    const { keeper, records, causes } = keep(identified(2), {}, { remaining });
    await keeper.keep(PROGRESS, false);

    expect([records.length, causes()]).toEqual([count, told]);
  });
});
