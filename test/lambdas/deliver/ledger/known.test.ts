import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { BufferedWebhook } from '../../../../lambdas/buffer/message.ts';
import {
  createPlaces,
  type IdentifiedEvent,
  type IntakeRecord,
  type LedgerEntry,
  type LedgerKey,
  type LedgerRange,
  ledgerKey,
  type Progress,
  type WebhookLedger,
} from '../../../../lambdas/deliver/ledger/entry.ts';
import { type Known, type ListedWebhook, readKnown } from '../../../../lambdas/deliver/ledger/known.ts';
import type { CompiledMapping, PendingEvent } from '../../../../lambdas/map/webhook.ts';
import { fail, succeed } from '../../../../lambdas/result.ts';
import { NOW } from '../deliver-setup.ts';
import { createMemoryLedger } from './memory-ledger.ts';

const MAPPING: CompiledMapping = { source: 'shop', formerly: [], events: [], digest: 'today' };

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

type ListedEvent = Pick<PendingEvent, 'name' | 'item' | 'identity'> & {
  readonly formerly?: readonly string[];
};

/** A webhook and the events that its mapping lists. */
function listed(
  events: readonly ListedEvent[],
  { webhook, mapping }: { webhook?: Partial<BufferedWebhook>; mapping?: Partial<CompiledMapping> } = {},
): ListedWebhook {
  const terms = { onUnconfirmed: 'park', mappingVersion: 'v1' } as const;
  const map = () => Promise.reject(new Error('Nothing is mapped.'));
  return {
    webhook: { ...WEBHOOK, ...webhook },
    mapping: { ...MAPPING, ...mapping },
    events: events.map((event) => ({ formerly: [], terms, map, ...event })),
  };
}

const PAID = { name: 'paid' };
const TWO = [{ name: 'paid' }, { name: 'told' }];
const each = (count: number, from = 0): ListedEvent[] =>
  Array.from({ length: count }, (_, index) => ({ name: 'each', item: from + index }));

function entry(key: LedgerKey, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    ...key,
    webhookId: 'delivery-1',
    receivedAt: NOW,
    mappingVersion: 'v1',
    revision: 2,
    state: 'waiting',
    owner: 'worker-1',
    leaseUntil: NOW,
    attempts: 1,
    expiresAt: NOW,
    ...changes,
  };
}

const at = (event: string, webhook = 'shop#evt'): LedgerKey => ({ webhook, event });

function recordOf(changes: Partial<IntakeRecord> = {}): IntakeRecord {
  const { webhookId, receivedAt, eventTypes } = WEBHOOK;
  return { webhookId, receivedAt, takenAt: NOW, eventTypes, bytes: 2, matched: [], others: 0, ...changes };
}

function progressOf(changes: Partial<Progress> = {}): Progress {
  return { mappingDigest: 'today', events: 2, ended: createPlaces(2), outOfTime: 0, ...changes };
}

/** A ledger with this in it, and what was asked of it. */
async function ledgerWith({
  entries = [],
  record,
  pages = [],
}: {
  readonly entries?: readonly LedgerEntry[];
  readonly record?: IntakeRecord;
  readonly pages?: readonly IdentifiedEvent[];
}) {
  const ledger = createMemoryLedger();
  for (const one of entries) ledger.entries.set(`${one.webhook} ${one.event}`, one);
  if (record !== undefined) await ledger.writeIntakeRecord('shop#evt', record);
  if (pages.length > 0) await ledger.writeIdentified('shop#evt', recordOf(), pages);
  const queries: [string, LedgerRange][] = [];
  const reads: LedgerKey[] = [];
  const store: WebhookLedger = {
    ...ledger,
    query: (webhook, range) => {
      queries.push([webhook, range]);
      return ledger.query(webhook, range);
    },
    read: (key) => {
      reads.push(key);
      return ledger.read(key);
    },
  };
  return { store, queries, reads };
}

type World = Awaited<ReturnType<typeof ledgerWith>>;

async function known(webhook: ListedWebhook, world: World, replay?: string, receives = 2): Promise<Known> {
  const read = await readKnown(webhook, { receives, ...(replay !== undefined && { replay }) }, world.store);
  if (!read.ok) throw new Error(read.failure.cause);
  return read.value;
}

const THE_RECORD: LedgerRange = { from: '#received#delivery-1', limit: 1 };

describe('the ledger is asked', () => {
  test.each<[string, ListedWebhook, number, [string, LedgerRange][]]>([
    ['nothing about a small webhook that is new', listed(each(10)), 1, []],
    [
      'for the record of a webhook of many events, though it is new',
      listed(each(11)),
      1,
      [['shop#evt', THE_RECORD]],
    ],
    [
      'for the record of a new webhook whose event has an identity',
      listed([{ ...PAID, identity: 'a' }]),
      1,
      [['shop#evt', THE_RECORD]],
    ],
    [
      'for the record of a new webhook of which one event has an identity',
      listed([PAID, { name: 'told', identity: 'a' }]),
      1,
      [['shop#evt', THE_RECORD]],
    ],
    ['for the record of a small webhook that comes again', listed(TWO), 2, [['shop#evt', THE_RECORD]]],
    ['for all that a webhook of one event has', listed([PAID]), 2, [['shop#evt', {}]]],
  ])('%s', async (_, webhook, receives, queries) => {
    const world = await ledgerWith({});

    expect(await known(webhook, world, undefined, receives)).toMatchObject({
      identified: [],
      vanished: [],
      isComplete: false,
    });
    expect(world.queries).toEqual(queries);
    expect(world.reads).toEqual([]);
  });

  test.each<[string, ListedWebhook]>([
    ['an event has another name', listed([PAID, { name: 'told', formerly: ['said'] }])],
    ['its source has', listed(TWO, { mapping: { formerly: ['store'] } })],
    ['0.1.0 took another id', listed(TWO, { webhook: { formerDeduplicationId: 'old' } })],
  ])('for all that there may be of a new webhook where %s', async (_, webhook) => {
    const world = await ledgerWith({});

    await known(webhook, world, undefined, 1);
    expect(world.queries.slice(0, 2)).toEqual([
      ['shop#evt', THE_RECORD],
      ['shop#evt', {}],
    ]);
  });

  test('for all that there is of a webhook that is replayed, though its record is missing', async () => {
    const world = await ledgerWith({});

    await known(listed(TWO), world, 'message-9', 1);
    expect(world.queries).toEqual([
      ['shop#evt', { from: '#replay#message-9', limit: 1 }],
      ['shop#evt', {}],
    ]);
  });

  test('page by page', async () => {
    const entries = Array.from({ length: 250 }, (_, item) => entry(at(`each#${item}`)));
    const world = await ledgerWith({ entries });
    const { entryAt } = await known(listed(each(250)), world);

    expect(each(250).every(({ item = 0 }) => entryAt(item) === entries[item])).toBe(true);
    expect(world.queries).toHaveLength(4);
  });
});

describe('work on a webhook goes on by its record alone', () => {
  const identified = [{ name: 'paid', identity: 'a' }];
  const record = recordOf({ identified, progress: progressOf() });

  test('where the mapping is the same', async () => {
    const world = await ledgerWith({ record, entries: [entry(at('paid'))] });
    const found = await known(listed(TWO), world);

    expect(found).toMatchObject({ identified, vanished: [], intakeRecord: { webhookId: 'delivery-1' } });
    expect(found.progress).toMatchObject({ mappingDigest: 'today', events: 2 });
    expect(found.entryAt(0)).toBeUndefined();
    expect(world.queries).toHaveLength(1);
  });

  test('of its own replay', async () => {
    const replayed = recordOf({ progress: progressOf({ replay: 'message-9' }) });
    const world = await ledgerWith({ record: replayed });

    const found = await known(listed(TWO), world, 'message-9');
    expect(found.progress).toMatchObject({ replay: 'message-9' });
    expect(found.identified).toEqual([]);
    expect((await known(listed(TWO), world, 'message-8')).progress).toBeUndefined();
  });

  test.each<[string, Partial<Progress>, ListedWebhook]>([
    ['the mapping is another', { mappingDigest: 'before' }, listed(TWO)],
    ['an event may stand under a key of before', { looksBack: true }, listed(TWO)],
    ['a name has changed', {}, listed([PAID, { name: 'told', formerly: ['said'] }])],
    ['the source has another name', {}, listed(TWO, { mapping: { formerly: ['store'] } })],
  ])('and by all entries where %s', async (_, changes, webhook) => {
    const own = entry(at('paid'));
    const progress = progressOf(changes);
    const world = await ledgerWith({ record: recordOf({ progress }), entries: [own] });
    const found = await known(webhook, world);

    expect(found.entryAt(0)).toBe(own);
    expect(found.intakeRecord).toMatchObject({ webhookId: 'delivery-1' });
    expect(found).toMatchObject({ isComplete: false, identified: [] });
    expect('progress' in found).toBe(progress.mappingDigest === 'today');
  });

  test('and by all entries where there is none', async () => {
    const found = await known(listed(TWO), await ledgerWith({ entries: [entry(at('paid'))] }));

    expect(found).not.toHaveProperty('intakeRecord');
    expect(found).not.toHaveProperty('progress');
  });
});

describe('an event is found under a key of before', () => {
  const bodyOf = (attempt: number) => Buffer.from(`[{"attemptNumber":${attempt}}]`);
  const redelivery = { member: 'attemptNumber', first: 0 } as const;
  const firstHash = createHash('sha256').update(bodyOf(0)).digest('hex');

  test.each<[string, LedgerKey, ListedWebhook]>([
    ['its former name', at('said'), listed([{ name: 'told', formerly: ['said'] }])],
    [
      'the former name of its source',
      at('told', 'store#evt'),
      listed([{ name: 'told' }], { mapping: { formerly: ['store'] } }),
    ],
    [
      'the id that 0.1.0 took of its webhook',
      at('told', 'shop#old'),
      listed([{ name: 'told' }], { webhook: { formerDeduplicationId: 'old' } }),
    ],
    [
      'the hash of the body that was sent first',
      at('told', `shop#${firstHash}`),
      listed([{ name: 'told' }], { webhook: { rawBody: bodyOf(2) }, mapping: { redelivery } }),
    ],
    [
      'its place, though it has an identity now',
      at('each#3'),
      listed([{ name: 'each', item: 3, identity: 'a' }]),
    ],
    [
      'its identity, by the former name of its source',
      at('told', 'store:a'),
      listed([{ name: 'told', identity: 'a' }], { mapping: { formerly: ['store'] } }),
    ],
  ])('of %s', async (_, key, webhook) => {
    const former = entry(key);
    const found = await known(webhook, await ledgerWith({ entries: [former] }));

    expect(found.formerAt(0)).toBe(former);
    expect(found.entryAt(0)).toBeUndefined();
    expect(found.vanished).toEqual([]);
  });

  test.each([
    ['in the record', (one: IdentifiedEvent) => ({ record: recordOf({ identified: [one] }) })],
    ['in pages beside it', (one: IdentifiedEvent) => ({ pages: [one] })],
  ])('of an identity that an earlier mapping listed %s', async (_, kept) => {
    const former = entry(at('each', 'shop:a'));
    const identified = { name: 'each', item: 1, identity: 'a' };
    const world = await ledgerWith({ entries: [former], ...kept(identified) });
    const found = await known(listed(each(2)), world);

    expect([found.formerAt(0), found.formerAt(1)]).toEqual([undefined, former]);
    expect(found.identified).toEqual([identified]);
  });

  test('but not of an identity that another delivery listed', async () => {
    const record = recordOf({ webhookId: 'delivery-0', identified: [{ name: 'each', identity: 'a' }] });
    const world = await ledgerWith({ entries: [entry(at('each', 'shop:a'))], record });

    expect((await known(listed([{ name: 'each' }]), world)).identified).toEqual([]);
  });

  test.each<[string, Partial<LedgerEntry>, Partial<LedgerEntry> | undefined, boolean]>([
    ['there is nothing under its own', {}, undefined, true],
    ['it has gone further there', { revision: 3 }, {}, true],
    ['it has gone as far under its own', {}, {}, false],
    ['it has gone further under its own', {}, { revision: 3 }, false],
    ['it was moved away from its own', {}, { revision: 3, movedTo: at('said') }, true],
    ['it was moved to its own', { revision: 3, movedTo: at('told') }, {}, false],
  ])('where %s', async (_, there, own, isFound) => {
    const former = entry(at('said'), there);
    const entries = [former, ...(own === undefined ? [] : [entry(at('told'), own)])];
    const found = await known(listed([{ name: 'told', formerly: ['said'] }]), await ledgerWith({ entries }));

    expect(found.formerAt(0)).toBe(isFound ? former : undefined);
  });

  test('the one under which it has gone furthest', async () => {
    const entries = [
      entry(at('said'), { revision: 3 }),
      entry(at('spoken'), { revision: 4 }),
      entry(at('x')),
    ];
    const world = await ledgerWith({ entries });
    const found = await known(listed([{ name: 'told', formerly: ['said', 'spoken', 'x'] }]), world);

    expect(found.formerAt(0)).toBe(entries[1]);
  });
});

describe('entries of other partitions', () => {
  const events = Array.from({ length: 60 }, (_, item) => ({ name: 'each', item, identity: `id-${item}` }));
  const webhook = listed(events, { mapping: { formerly: ['store'] } });

  test('are read once each, 25 at a time', async () => {
    const world = await ledgerWith({ entries: [entry(at('each', 'store:id-59'))], record: recordOf() });
    let working = 0;
    let most = 0;
    const store: WebhookLedger = {
      ...world.store,
      read: async (key) => {
        working += 1;
        most = Math.max(most, working);
        await new Promise(setImmediate);
        working -= 1;
        return world.store.read(key);
      },
    };
    const found = await known(webhook, { ...world, store });

    expect(most).toBe(25);
    expect(world.reads).toEqual(events.map(({ identity }) => at('each', `store:${identity}`)));
    expect(found.formerAt(59)).toMatchObject(at('each', 'store:id-59'));
  });

  test('are not read of the events of a list that are in the mapping', async () => {
    const world = await ledgerWith({ record: recordOf({ identified: [{ name: 'paid', identity: 'a' }] }) });
    await known(listed([{ ...PAID, identity: 'a' }, { name: 'told' }]), world);

    expect(world.reads).toEqual([]);
  });

  test('are read of events that only an earlier mapping listed', async () => {
    const world = await ledgerWith({ record: recordOf({ identified: [{ name: 'gone', identity: 'a' }] }) });
    await known(listed(TWO), world);

    expect(world.reads).toEqual([at('gone', 'shop:a')]);
  });
});

describe('an unfinished event that the mapping no longer has', () => {
  const vanishedOf = async (one: LedgerEntry, webhook: Partial<BufferedWebhook> = {}) => {
    const world = await ledgerWith({ entries: [one] });
    return (await known(listed(TWO, { webhook }), world)).vanished;
  };

  test.each<[LedgerKey, object]>([
    [at('gone'), { name: 'gone' }],
    [at('gone#17'), { name: 'gone', item: 17 }],
    [at('gone', 'shop:a:b\nc#d'), { name: 'gone', identity: 'a:b\nc#d' }],
  ])('is named by its key: %j', async (key, named) => {
    const world = await ledgerWith({
      entries: [entry(key)],
      record: recordOf({ identified: [{ name: 'gone', identity: 'a:b\nc#d' }] }),
    });

    expect((await known(listed(TWO), world)).vanished).toStrictEqual([{ ...named, entry: entry(key) }]);
  });

  test('has no identity where only the id of its webhook has a colon', async () => {
    const webhook = listed([{ name: 'each', item: 1 }, PAID], { webhook: { deduplicationId: 'a:b' } });
    const gone = entry(at('gone', ledgerKey(webhook.webhook, PAID).webhook));
    const world = await ledgerWith({ entries: [gone] });

    expect((await known(webhook, world, 'message-9')).vanished).toStrictEqual([
      { name: 'gone', entry: gone },
    ]);
  });

  test.each<[string, Partial<LedgerEntry>]>([
    ['has ended', { state: 'delivered' }],
    ['has its dead letter', { state: 'failed', deadLetteredAt: NOW }],
    ['was last taken by another delivery', { webhookId: 'delivery-2' }],
    ['stands under another key', { movedTo: at('other') }],
  ])('is none where it %s', async (_, changes) => {
    expect(await vanishedOf(entry(at('gone'), changes))).toEqual([]);
  });

  test.each<[string, Partial<LedgerEntry>, boolean]>([
    ['has its dead letter', { state: 'failed', deadLetteredAt: NOW }, true],
    ['was delivered after all', { state: 'delivered', deadLetteredAt: NOW }, false],
    ['has expired', { state: 'expired' }, false],
    ['waits', {}, true],
  ])('is owed by a replay of its whole webhook where it %s: %j', async (_, changes, isOwed) => {
    const found = await vanishedOf(entry(at('gone'), changes), { replay: {} });

    expect(found).toHaveLength(isOwed ? 1 : 0);
  });

  test('is left alone by a replay of other events', async () => {
    expect(await vanishedOf(entry(at('gone')), { replay: { events: [{ event: 'paid' }] } })).toEqual([]);
  });
});

describe('the ledger has every event of a webhook', () => {
  const matched = [
    { event: 'paid', made: 1, rejected: 0 },
    { event: 'each', made: 0, rejected: 2 },
  ];
  const carrier = entry(at('paid'), { intakeRecord: recordOf({ matched }) });
  const others = [entry(at('each#0')), entry(at('each#1'))];

  test.each<[string, readonly LedgerEntry[], boolean]>([
    ['as many as were made and rejected', [carrier, ...others], true],
    ['fewer', [carrier, ...others.slice(1)], false],
    ['more', [carrier, ...others, entry(at('gone'))], false],
    [
      'one of another delivery',
      [carrier, ...others.slice(1), entry(at('each#0'), { webhookId: 'x' })],
      false,
    ],
    ['one that was moved', [carrier, ...others.slice(1), entry(at('each#0'), { movedTo: at('y') })], false],
    ['none that says how many', others, false],
    [
      'one that carries the record of another delivery',
      [entry(at('paid'), { intakeRecord: recordOf({ webhookId: 'x', matched }) }), ...others],
      false,
    ],
  ])('where it has %s: %j', async (_, entries, isComplete) => {
    const found = await known(listed([]), await ledgerWith({ entries }));

    expect(found.isComplete).toBe(isComplete);
  });
});

test('the ledger does not say how many events there were by the record of a webhook that is an item of its own', async () => {
  const matched = [{ event: 'paid', made: 1, rejected: 0 }];
  const intakeRecord = recordOf({ matched });
  const world = await ledgerWith({ entries: [entry(at('paid'), { intakeRecord })], record: intakeRecord });

  expect((await known(listed([]), world)).isComplete).toBe(false);
});

describe('a ledger that does not answer', () => {
  const UNREACHABLE = fail({ code: 'ledger-unavailable', cause: 'TimeoutError' } as const);
  const pages = [{ name: 'gone', identity: 'a' }];

  test.each([
    ['to the first query', 1],
    ['to the second', 2],
  ])('%s is a failure', async (_, failing) => {
    const world = await ledgerWith({ pages });
    let queries = 0;
    const store: WebhookLedger = {
      ...world.store,
      query: async (webhook, range) => {
        queries += 1;
        return queries === failing ? UNREACHABLE : world.store.query(webhook, range);
      },
    };

    expect(await readKnown(listed(TWO), { receives: 2 }, store)).toBe(UNREACHABLE);
  });

  test('to a read is a failure', async () => {
    const world = await ledgerWith({ pages });
    const store: WebhookLedger = { ...world.store, read: async () => UNREACHABLE };

    expect(await readKnown(listed(TWO), { receives: 2 }, store)).toBe(UNREACHABLE);
    expect(
      await readKnown(listed(TWO), { receives: 2 }, { ...store, read: async () => succeed(undefined) }),
    ).toMatchObject({
      ok: true,
    });
  });
});
