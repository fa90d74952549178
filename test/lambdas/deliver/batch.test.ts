import { describe, expect, test } from '@jest/globals';
import { readRecords } from '../../../lambdas/deliver/batch.ts';
import { fail, succeed } from '../../../lambdas/result.ts';
import { NOW, record, setUp } from './deliver-setup.ts';
import { answerByKey } from './event-api/answer-by-key.ts';

describe('a batch', () => {
  test('settles each record for itself: only what is to be tried later stays, for as long as was asked', async () => {
    const { hidden, deadLetters, entries, deliver } = setUp();

    expect(await deliver(record('ann'), record('bob'), record('cat'))).toEqual(['message-bob']);
    expect(hidden).toEqual([['handle-bob', 40]]);
    expect(deadLetters).toEqual([
      [
        record('cat').message,
        {
          failures: [
            {
              stage: 'deliver',
              code: 'webex-mandatory-field-missing',
              event: 'paid',
              answer: { status: 200, code: '1002' },
              attempts: 1,
              mappingVersion: expect.stringMatching(/^[0-9a-f]{12}$/),
              firstAttemptAt: NOW.toISOString(),
              lastAttemptAt: NOW.toISOString(),
            },
          ],
          receives: 1,
          webhookId: 'JKJaXmPLvHcESHA=',
          deadLetteredAt: NOW.toISOString(),
        },
      ],
    ]);
    expect([...entries.values()].map(({ state }) => state)).toEqual(['delivered', 'waiting', 'failed']);
  });

  test('keeps a record that met a bug, and none of the others', async () => {
    const { lines, deliver } = setUp();

    expect(await deliver(record('ann'), record('dan'))).toEqual(['message-dan']);
    expect(lines).toContainEqual(
      expect.objectContaining({ outcome: 'retry-later', code: 'internal-error', cause: 'TypeError' }),
    );
  });

  test('keeps a record that met a bug outside of its events', async () => {
    const hide = async () => {
      throw new RangeError('a bug that quotes bob');
    };
    const { lines, deliver } = setUp({ hide });

    expect(await deliver(record('ann'), record('bob'))).toEqual(['message-bob']);
    expect(lines).toContainEqual(
      expect.objectContaining({ code: 'internal-error', cause: 'RangeError', messageId: 'message-bob' }),
    );
  });

  test('keeps a message that could not be hidden', async () => {
    const { deliver } = setUp({ hide: async () => fail({ cause: 'TimeoutError' }) });

    expect(await deliver(record('bob'))).toEqual(['message-bob']);
  });

  test('works on its records at the same time', async () => {
    let working = 0;
    let most = 0;
    const call = async (request: Parameters<typeof answerByKey>[0]) => {
      working += 1;
      most = Math.max(most, working);
      await new Promise((resolve) => setTimeout(resolve, 20));
      working -= 1;
      return answerByKey(request);
    };
    const { deliver } = setUp({}, { call });

    await deliver(...['1', '2', '3'].map((id) => ({ ...record('ann'), messageId: id, ...about(id) })));

    expect(most).toBe(3);
  });

  test('begins no event without enough time left, and leaves the event as it was', async () => {
    const { clock, entries, hidden, called, lines, deliver } = setUp();
    clock.remainingMilliseconds = 12_999;

    expect(await deliver(record('ann'))).toEqual(['message-ann']);
    expect([called(), entries.size]).toEqual([[], 0]);
    expect(hidden).toEqual([['handle-ann', 1]]);
    expect(lines).toMatchObject([{ outcome: 'retry-later', code: 'not-begun' }]);
  });

  test('gives a claim back when its turn would come too late, and counts no attempt', async () => {
    const rateLimit = { reserve: () => undefined };
    const { entries, called, deliver } = setUp({}, { rateLimit });

    expect(await deliver(record('ann'))).toEqual(['message-ann']);
    expect(called()).toEqual([]);
    expect([...entries.values()]).toMatchObject([{ state: 'waiting', attempts: 0, leaseUntil: NOW }]);
  });

  function about(id: string) {
    const { message } = record('ann');
    return { message: { ...message, attributes: { ...message.attributes, 'deduplication-id': id } } };
  }
});

describe('a webhook that is a batch of events', () => {
  const batch = (...keys: string[]) => record('batch', 'batch', { body: { keys } });

  test('repeats no event that has ended, whatever the others wait for', async () => {
    const { called, clock, lines, deliver } = setUp();

    expect(await deliver(batch('ann', 'bob', 'cat'))).toEqual(['message-batch']);
    expect(lines).toMatchObject([
      { item: 0, outcome: 'delivered' },
      { item: 1, outcome: 'retry-later', code: 'webex-throttled' },
      // The vendor has asked for a pause, and that is for all.
      { item: 2, outcome: 'retry-later', code: 'paused-throttled' },
    ]);

    lines.length = 0;
    clock.now = new Date(NOW.getTime() + 41_000);
    await deliver(batch('ann', 'bob', 'cat'));

    expect(called()).toEqual(['ann', 'bob', 'bob']);
    expect(lines).toMatchObject([
      { item: 0, outcome: 'duplicate', code: 'already-delivered' },
      { item: 1, outcome: 'retry-later' },
      { item: 2, outcome: 'retry-later' },
    ]);
  });

  test('dead-letters an event by its item and goes on with the next', async () => {
    const { deadLetters, lines, deliver } = setUp();

    expect(await deliver(batch('cat', 'ann'))).toEqual([]);
    expect(deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([{ event: 'each', items: [0] }]);
    expect(lines.map(({ outcome }) => outcome).toSorted()).toEqual(['dead-letter', 'delivered']);
  });

  test('goes on behind an event that met a bug', async () => {
    const { called, deliver } = setUp();

    expect(await deliver(batch('dan', 'ann'))).toEqual(['message-batch']);
    expect(called()).toEqual(['ann']);
  });
});

describe('the second copy of a webhook', () => {
  test('is recognised, counted and not sent', async () => {
    const { called, lines, deliver } = setUp();

    expect(await deliver(record('ann'))).toEqual([]);
    expect(await deliver(record('ann'))).toEqual([]);
    expect(called()).toEqual(['ann']);
    expect(lines).toMatchObject([
      { outcome: 'delivered' },
      { outcome: 'duplicate', code: 'already-delivered', Events: 1 },
    ]);
  });

  test('that comes while the first is being sent waits for its end', async () => {
    const { called, lines, deliver } = setUp();

    expect(await deliver(record('ann'), { ...record('ann'), messageId: 'copy' })).toEqual(['copy']);
    expect(called()).toEqual(['ann']);
    expect(lines.map(({ code }) => code)).toEqual(['busy', 'delivered']);
  });

  test('of what was dead-lettered is not dead-lettered again', async () => {
    const { deadLetters, lines, deliver } = setUp();

    await deliver(record('cat'));
    expect(await deliver(record('cat'))).toEqual([]);
    expect(deadLetters).toHaveLength(1);
    expect(lines[1]).toMatchObject({ outcome: 'duplicate', code: 'already-failed' });
  });
});

describe('without its ledger', () => {
  const DOWN = fail({ code: 'ledger-unavailable', cause: 'TimeoutError' } as const);

  test('nothing is called', async () => {
    const ledger = { ...setUp().ledger, read: async () => DOWN, write: async () => DOWN };
    const { called, lines, deliver } = setUp({ ledger });

    expect(await deliver(record('ann'))).toEqual(['message-ann']);
    expect(called()).toEqual([]);
    expect(lines).toMatchObject([
      { outcome: 'retry-later', code: 'ledger-unavailable', cause: 'TimeoutError' },
    ]);
  });

  test('after the call, it is asked again as long as there is time', async () => {
    let refusals = 3;
    const { ledger, entries, deliver } = setUp();
    const shaky = setUp({
      ledger: {
        ...ledger,
        write: async (entry) => {
          if (entry.state === 'claimed' || refusals === 0) return ledger.write(entry);
          refusals -= 1;
          return DOWN;
        },
      },
    });

    expect(await shaky.deliver(record('ann'))).toEqual([]);
    expect([...entries.values()]).toMatchObject([{ state: 'delivered', transactionId: 'event_1' }]);
    expect(await deliver(record('ann'))).toEqual([]);
  });

  test.each([
    ['ann', [], 'delivered'],
    ['cat', ['message-cat'], 'retry-later'],
  ])(
    'after the call and to the end, what is known of %s is told, and nothing is lost',
    async (key, kept, outcome) => {
      const { ledger } = setUp();
      const { lines, deadLetters, clock, deliver } = setUp({
        ledger: {
          ...ledger,
          write: async (entry) => (entry.state === 'claimed' ? ledger.write(entry) : DOWN),
        },
        pause: async (milliseconds) => {
          clock.remainingMilliseconds -= milliseconds;
        },
      });

      expect(await deliver(record(key))).toEqual(kept);
      expect(deadLetters).toEqual([]);
      expect(lines).toMatchObject([
        { outcome, cause: 'ledger-unavailable: TimeoutError', answer: { status: 200 } },
      ]);
    },
  );
});

test('an event whose "when" is not met is skipped, and not in the ledger', async () => {
  const { entries, lines, deliver } = setUp();

  expect(await deliver(record('ann', 'owed', { body: { due: 0 } }))).toEqual([]);
  expect(entries.size).toBe(0);
  expect(lines).toMatchObject([{ outcome: 'skipped', code: 'when-not-met' }]);
});

test('each event has one log line, with all that finds it and no value of its payload', async () => {
  const { lines, entries, deliver } = setUp();

  await deliver(...['ann', 'bob', 'cat', 'dan', 'eve'].map((key) => record(key)));

  expect(lines).toContainEqual({
    _aws: {
      Timestamp: NOW.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: 'WebhookAdapter',
          Dimensions: [['stack', 'stage', 'source', 'event', 'code']],
          Metrics: [{ Name: 'Events' }],
        },
        {
          Namespace: 'WebhookAdapter',
          Dimensions: [['stack']],
          Metrics: [
            { Name: 'CallDuration', Unit: 'Milliseconds' },
            { Name: 'DeliveryDelay', Unit: 'Milliseconds' },
            { Name: 'PausedByCredentials' },
            { Name: 'PausedByThrottling' },
            { Name: 'PausedByEndpoint' },
            { Name: 'PausedByKeys' },
            { Name: 'PausedByLedger' },
            { Name: 'SpareKeyCalls' },
          ],
        },
      ],
    },
    Events: 1,
    CallDuration: 0,
    DeliveryDelay: 1_000,
    PausedByCredentials: 0,
    PausedByThrottling: 0,
    PausedByEndpoint: 0,
    PausedByKeys: 0,
    PausedByLedger: 0,
    SpareKeyCalls: 0,
    stage: 'deliver',
    source: 'stripe',
    event: 'paid',
    outcome: 'delivered',
    code: 'delivered',
    transactionId: 'event_1',
    answer: { status: 200 },
    attempts: 1,
    keyUsed: 'primary',
    eventTypes: ['invoice.paid'],
    deduplicationId: 'evt_ann',
    webhookId: 'JKJaXmPLvHcESHA=',
    mappingVersion: expect.any(String),
    receives: 1,
  });
  const text = JSON.stringify([lines, [...entries.values()]]);
  expect(text).not.toMatch(/"(ann|bob|cat|dan|eve)"|key-1/);
  expect([...entries.values()][0]).toMatchObject({ eventKeyHash: 'hash of 3' });
});

test('an event that another worker has taken over is left to that worker', async () => {
  const { ledger, entries } = setUp();
  const { lines, deadLetters, deliver } = setUp({
    ledger: {
      ...ledger,
      write: async (entry) => (entry.state === 'claimed' ? ledger.write(entry) : succeed('changed')),
    },
  });

  expect(await deliver(record('cat'))).toEqual(['message-cat']);
  expect(deadLetters).toEqual([]);
  expect(lines).toMatchObject([{ outcome: 'retry-later', code: 'busy', cause: 'taken-over' }]);
  expect([...entries.values()]).toMatchObject([{ state: 'claimed' }]);
});

const RECORD = {
  messageId: 'message-1',
  receiptHandle: 'handle-1',
  body: '{}',
  attributes: {
    ApproximateReceiveCount: '3',
    SentTimestamp: '1732449600000',
    ApproximateFirstReceiveTimestamp: '1732449600001',
  },
  messageAttributes: {
    source: { stringValue: 'stripe', dataType: 'String' },
    seal: { binaryValue: 'AAAA', dataType: 'Binary' },
  },
  eventSource: 'aws:sqs',
};

function changed(attributes: object) {
  return { Records: [{ ...RECORD, attributes: { ...RECORD.attributes, ...attributes } }] };
}

describe('an event of SQS', () => {
  test('is read as messages with what SQS knows of them; attributes that are not text are left out', () => {
    expect(readRecords({ Records: [RECORD] })).toStrictEqual([
      {
        messageId: 'message-1',
        receiptHandle: 'handle-1',
        message: { body: '{}', attributes: { source: 'stripe' } },
        receives: 3,
        bufferedAt: new Date(1_732_449_600_000),
      },
    ]);
  });

  test('keeps the order of its records', () => {
    const second = { ...RECORD, messageId: 'message-2' };

    expect(readRecords({ Records: [second, RECORD] }).map(({ messageId }) => messageId)).toEqual([
      'message-2',
      'message-1',
    ]);
  });

  test.each([
    ['without records', {}],
    ['with a receive count of none', changed({ ApproximateReceiveCount: '0' })],
    ['with half a receive', changed({ ApproximateReceiveCount: '1.5' })],
    ['without the time it was sent', changed({ SentTimestamp: undefined })],
    ['with half a millisecond', changed({ SentTimestamp: '0.5' })],
    ['without a body', { Records: [{ ...RECORD, body: undefined }] }],
  ])('%s is a bug of somebody’s, and thrown', (_, event) => {
    expect(() => readRecords(event)).toThrow();
  });
});
