import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readItem as attributesOf, itemBytes } from '../../../bench/billed-bytes.ts';
import {
  intakeRecordItem,
  readIntakeRecord,
  readItem,
  writeItem,
} from '../../../lambdas/adapters/ledger-item.ts';
import {
  createPlaces,
  type IntakeRecord,
  type LedgerEntry,
  lastCallOf,
  type Places,
} from '../../../lambdas/deliver/ledger/entry.ts';
import { type CompiledMapping, compileMapping } from '../../../lambdas/map/webhook.ts';
import { readFolder } from '../../../lib/mapping/folders.ts';
import { resolveMapping } from '../../../lib/mapping/schema.ts';
import { record, setUp } from '../deliver/deliver-setup.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';

const date = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });
const word = fc.string({ minLength: 1, maxLength: 12 });
const count = fc.nat({ max: 1_000_000 });

const intakeRecord: fc.Arbitrary<IntakeRecord> = fc.record(
  {
    webhookId: word,
    receivedAt: date,
    takenAt: date,
    eventTypes: fc.array(fc.stringMatching(/^[a-z.]{1,9}$/), { minLength: 1, maxLength: 3 }),
    bytes: count,
    secretIndex: fc.nat({ max: 3 }),
    matched: fc.array(
      fc.oneof(
        fc.record({ event: word, made: count, rejected: count }, { noNullPrototype: true }),
        fc.record(
          {
            event: word,
            made: fc.constant(0),
            rejected: fc.constant(0),
            skipped: fc.constantFrom('when-not-met' as const, 'no-items' as const),
            when: word,
          },
          { noNullPrototype: true, requiredKeys: ['event', 'made', 'rejected', 'skipped'] },
        ),
      ),
      { maxLength: 4 },
    ),
    others: count,
  },
  {
    noNullPrototype: true,
    requiredKeys: ['webhookId', 'receivedAt', 'takenAt', 'eventTypes', 'bytes', 'matched', 'others'],
  },
);

const call = fc.record(
  {
    ...{ at: date, code: word, status: fc.nat({ max: 599 }), answerCode: word, eventId: word },
    ...{
      description: word,
      parameters: fc.dictionary(fc.constantFrom('a', 'b'), count, { noNullPrototype: true }),
    },
  },
  { noNullPrototype: true, requiredKeys: ['at', 'code', 'eventId'] },
);

const facts = fc.record(
  {
    webhook: word,
    event: word,
    revision: count,
    state: fc.constantFrom('claimed', 'waiting', 'delivered', 'failed', 'unconfirmed', 'expired'),
    owner: word,
    leaseUntil: date,
    attempts: count,
    webhookId: word,
    receivedAt: date,
    mappingVersion: word,
    // DynamoDB takes the whole second after which it may delete an item.
    expiresAt: count.map((seconds) => new Date(seconds * 1000)),
    eventKeyHash: word,
    code: word,
    stage: word,
    detail: word,
    transactionId: word,
    deadLetteredAt: date,
    isUnsure: fc.constant(true as const),
    answer: fc.record(
      { status: fc.nat({ max: 599 }), code: word, description: word },
      { noNullPrototype: true, requiredKeys: ['status'] },
    ),
    parameters: fc.dictionary(
      word.filter((name) => name !== '__proto__'),
      count,
      { noNullPrototype: true },
    ),
    intakeRecord,
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      'webhook',
      'event',
      'revision',
      'state',
      'owner',
      'leaseUntil',
      'attempts',
      'webhookId',
      'receivedAt',
      'mappingVersion',
      'expiresAt',
    ],
  },
);

/** The first attempt and the last, which may be the same; a history only of what was called, with its event. */
const called = fc.record({
  firstAttemptAt: date,
  lastAttemptAt: date,
  isOne: fc.boolean(),
  eventId: word,
  history: fc.array(call, { maxLength: 3 }),
  isTold: fc.boolean(),
});

const entries: fc.Arbitrary<LedgerEntry> = fc
  .record({ facts, called: fc.option(called), isOwn: fc.boolean() })
  .map((drawn) => {
    const { webhookId, receivedAt } = drawn.facts;
    const own = drawn.facts.intakeRecord && {
      intakeRecord: { ...drawn.facts.intakeRecord, webhookId, receivedAt },
    };
    const entry = { ...drawn.facts, ...(drawn.isOwn && own) };
    if (drawn.called === null) return entry;
    const { isOne, lastAttemptAt, history, isTold, eventId } = drawn.called;
    const firstAttemptAt = isOne ? lastAttemptAt : drawn.called.firstAttemptAt;
    const attempted = { ...entry, firstAttemptAt, lastAttemptAt, eventId };
    const last = isTold ? lastCallOf(attempted) : undefined;
    return { ...attempted, history: last === undefined ? history : [...history, last] };
  });

describe('what is written of an entry, and not written twice,', () => {
  test('is read again as the entry that it was', () => {
    fc.assert(fc.property(entries, (entry) => expect(readItem(writeItem(entry))).toStrictEqual(entry)));
  });

  test('is read back from an intake record that is an item of its own', () => {
    fc.assert(
      fc.property(intakeRecord, (one) =>
        expect(readIntakeRecord(intakeRecordItem('w', one))).toStrictEqual(one),
      ),
    );
  });

  test('names the secret by the attribute that 0.1.0 wrote', () => {
    const [one] = fc.sample(intakeRecord, 1);
    if (one === undefined) throw new Error('There is no sample.');
    const { secretSlot, secretIndex } = intakeRecordItem('w', { ...one, secretIndex: 1 });

    expect([secretSlot, secretIndex]).toEqual([{ N: '1' }, undefined]);
  });

  test('is left to the entry where that shows the last call', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const told = JSON.stringify(lastCallOf(entry));
        const isTold = told !== undefined && told === JSON.stringify(entry.history?.at(-1));
        expect(writeItem(entry).history?.S?.endsWith('{}]') ?? false).toBe(isTold);
      }),
    );
  });

  test('of an older form, with the names of the other events, is read without them', () => {
    const item = {
      ...intakeRecordItem('w', fc.sample(intakeRecord, 1)[0] as IntakeRecord),
      others: { S: '[{"event":"a"}]' },
    };

    expect(readIntakeRecord(item).others).toBe(0);
  });
});

describe('the progress of an intake record', () => {
  const [one] = fc.sample(intakeRecord, 1) as [IntakeRecord];
  const progressOf = (events: number, ended: readonly number[]) => {
    const places = createPlaces(events);
    for (const place of ended) places.add(place);
    return {
      mappingDigest: 'digest',
      events,
      ended: places,
      outOfTime: 2,
      looksBack: true as const,
      replay: 'm1',
    };
  };

  test('is read back: what has ended, and what is put off until when', () => {
    const until = new Date('2026-11-24T12:00:00Z');
    const putOff = { places: progressOf(20, [9]).ended, until };
    const item = intakeRecordItem('w', { ...one, progress: { ...progressOf(20, [0, 7, 8, 19]), putOff } });
    const { progress } = readIntakeRecord(item);

    expect(item).toMatchObject({ event: { S: '#replay#m1' }, endedEvents: { N: '4' } });
    expect(progress).toMatchObject({ mappingDigest: 'digest', events: 20, outOfTime: 2, looksBack: true });
    const has = (places?: Places) =>
      Array.from({ length: 20 }, (_, place) => place).filter((place) => places?.has(place));
    expect([has(progress?.ended), has(progress?.putOff?.places), progress?.putOff?.until]).toEqual([
      [0, 7, 8, 19],
      [9],
      until,
    ]);
  });

  test('takes little of an item where events end in their order, and is left out where it would fill it', () => {
    const many = 5_000_000;
    const inOrder = progressOf(many, []);
    for (let place = 0; place < 3_000_000; place += 1) inOrder.ended.add(place);
    const item = intakeRecordItem('w', { ...one, progress: inOrder });
    expect(item.ended?.B?.length).toBeLessThan(5_000);
    const full = intakeRecordItem('w', { ...one, progress: { ...inOrder, ended: noise(many) } });

    expect(full).not.toHaveProperty('ended');
    expect(readIntakeRecord(full)).toStrictEqual(one);
  });

  test('that cannot be read is none: nothing counts as ended', () => {
    const item = intakeRecordItem('w', { ...one, progress: progressOf(20, [3]) });

    expect(readIntakeRecord({ ...item, events: { S: 'many' } })).toStrictEqual(one);
    expect(readIntakeRecord({ ...item, ended: { B: new Uint8Array([1, 2]) } }).progress?.ended.size()).toBe(
      0,
    );
  });
});

/** Places that no compression makes fewer. */
function noise(events: number): Places {
  return createPlaces(events, randomBytes(Math.ceil(events / 8)));
}

const SAMPLE = new URL('../../../samples/payloads/stripe/invoice.payment_failed.json', import.meta.url);
const INVOICE = JSON.parse(readFileSync(SAMPLE, 'utf8'));

/** The bench's own: twelve parameters of an invoice. */
function benchMapping(): CompiledMapping {
  const folder = fileURLToPath(new URL('../../../bench/mappings/measured', import.meta.url));
  const file = readFolder(folder, 'measured');
  if (!file.ok) throw new Error('The mapping of the bench cannot be read.');
  return compileMapping(resolveMapping(file.value, 'dev'));
}

/** Twelve parameters with names as people give them, and ten events more, one of them on the same type. */
function ordinaryMapping(others: number): CompiledMapping {
  const names = [
    'invoice',
    'subscription',
    'amount',
    'currency',
    'due_date',
    'payment_url',
    'attempt_number',
  ];
  const parameters = [...names, 'customer_name', 'next_attempt', 'account_name', 'country', 'support_phone'];
  const event = { 'event-id': 'evt_8f14e45fceea', 'event-key': '{% data.object.customer %}' };
  return compiledMapping([
    {
      name: 'payment-failed',
      on: 'invoice.payment_failed',
      'event-params': Object.fromEntries(parameters.map((name) => [name, '{% data.object.number %}'])),
      ...event,
    },
    {
      name: 'payment-failed-for-good',
      on: 'invoice.payment_failed',
      when: '{% data.object.attempt_count > 99 %}',
      ...event,
    },
    ...Array.from({ length: others }, (_, index) => ({
      name: `other-${index}`,
      on: `other.${index}`,
      ...event,
    })),
  ]);
}

/** The size of each item that a delivered invoice leaves, with ids as long as Stripe's, AWS's and Webex Campaign's are. */
async function sizesWith(mapping: CompiledMapping): Promise<readonly number[]> {
  const sizes: number[] = [];
  const call = async () => ({
    kind: 'answered' as const,
    status: 200,
    retryAfter: undefined,
    body: '{"transaction-id":"event_12345676543210"}',
  });
  const setup = setUp(
    {
      mappings: new Map([['stripe', mapping]]),
      hashEventKey: async () => 'f'.repeat(64),
      newOwner: () => 'ffffffff-ffff-4fff-8fff-ffffffffffff',
    },
    { call },
  );
  const message = record('1QZx0d2eZvKYlo2C8nXh7RtB', 'invoice.payment_failed', { body: INVOICE });
  await setup.deliver({ ...message, receives: 1 });
  for (const entry of setup.entries.values()) {
    expect(entry).toMatchObject({ state: 'delivered', intakeRecord: { webhookId: 'JKJaXmPLvHcESHA=' } });
    sizes.push(itemBytes(attributesOf(writeItem(entry))));
  }
  expect(setup.intakeRecords).toEqual([]);
  return sizes;
}

describe('an ordinary event', () => {
  test.each([
    ['of the bench', benchMapping()],
    ['of twelve parameters, with eleven others in the mapping', ordinaryMapping(10)],
  ])(
    '%s is one item of a kilobyte at most, its intakeRecord included: a write of it is one unit',
    async (_, mapping) => {
      const sizes = await sizesWith(mapping);

      expect(sizes).toHaveLength(1);
      expect(sizes[0]).toBeLessThanOrEqual(1_024);
      // Were it far less, something would be missing, or the test.
      expect(sizes[0]).toBeGreaterThan(600);
    },
  );

  test('is no larger for a thousand events that are on other types', async () => {
    const [of10 = 0] = await sizesWith(ordinaryMapping(10));
    const [of1000 = 0] = await sizesWith(ordinaryMapping(1_000));

    expect(of1000 - of10).toBeLessThanOrEqual(1);
  });
});
