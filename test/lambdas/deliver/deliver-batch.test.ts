import { describe, expect, test } from '@jest/globals';
import { fail, succeed } from '../../../lambdas/result.ts';
import { LEASE_MILLISECONDS, NOW, record, setUp } from './deliver-setup.ts';
import { answerByKey } from './event-api/answer-by-key.ts';

const HOUR = 3_600_000;

describe('a batch', () => {
  test('settles each record for itself: only what is to be tried later stays, for as long as was asked', async () => {
    const { hidden, deadLetters, entries, deliver } = setUp();

    expect(await deliver(record('ann'), record('bob'), record('cat'))).toEqual(['message-bob']);
    expect(hidden).toEqual([['handle-bob', 40]]);
    expect(deadLetters).toEqual([
      [
        record('cat').message,
        {
          stage: 'deliver',
          code: 'webex-mandatory-field-missing',
          event: 'paid',
          answer: { status: 200, code: '1002' },
          attempts: 1,
          receives: 1,
          mappingVersion: expect.stringMatching(/^[0-9a-f]{12}$/),
          webhookId: 'JKJaXmPLvHcESHA=',
          firstAttemptAt: NOW.toISOString(),
          lastAttemptAt: NOW.toISOString(),
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

  test('begins nothing for which the time of the function does not suffice, and leaves it as it was', async () => {
    const { clock, entries, hidden, called, lines, deliver } = setUp();
    clock.remainingMilliseconds = 12_999;

    expect(await deliver(record('ann'))).toEqual(['message-ann']);
    expect([called(), entries.size]).toEqual([[], 0]);
    expect(hidden).toEqual([['handle-ann', 5]]);
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

  test('repeats none that has ended, whatever the others have to wait for', async () => {
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
    expect(deadLetters.map(([, note]) => note)).toMatchObject([{ event: 'each', item: 0 }]);
    expect(lines.map(({ outcome }) => outcome)).toEqual(['dead-letter', 'delivered']);
  });

  test('goes on behind an event that met a bug', async () => {
    const { called, deliver } = setUp();

    expect(await deliver(batch('dan', 'ann'))).toEqual(['message-batch']);
    expect(called()).toEqual(['dan', 'ann']);
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

describe('an event that may have been accepted', () => {
  test('is parked: dead-lettered as unconfirmed, and not sent again', async () => {
    const { called, clock, deadLetters, entries, deliver } = setUp();

    expect(await deliver(record('eve'))).toEqual([]);
    clock.now = new Date(NOW.getTime() + HOUR);
    expect(await deliver(record('eve'))).toEqual([]);
    expect(called()).toEqual(['eve']);
    expect(deadLetters.map(([, note]) => note)).toMatchObject([{ code: 'unconfirmed', detail: 'timeout' }]);
    expect([...entries.values()]).toMatchObject([{ state: 'unconfirmed', deadLetteredAt: NOW }]);
  });

  test('is sent again where its mapping says so, until its time is up', async () => {
    const { called, clock, deadLetters, lines, deliver } = setUp();

    expect(await deliver(record('eve', 'again'))).toEqual(['message-eve']);
    expect(lines).toMatchObject([{ outcome: 'retry-later', code: 'unconfirmed', attempts: 1 }]);
    clock.now = new Date(NOW.getTime() + 25 * HOUR);
    expect(await deliver(record('eve', 'again', { receives: 2 }))).toEqual([]);
    expect(called()).toEqual(['eve', 'eve']);
    expect(deadLetters.map(([, note]) => note)).toMatchObject([{ code: 'unconfirmed', attempts: 2 }]);
  });

  test('stays unconfirmed, whatever is answered to a repetition', async () => {
    let answers = 0;
    const { clock, deadLetters, deliver } = setUp(
      {},
      {
        call: async () => {
          answers += 1;
          return answers === 1
            ? { kind: 'no-answer', cause: 'timeout' }
            : { kind: 'answered', status: 200, retryAfter: undefined, body: '{"code":1002}' };
        },
      },
    );

    await deliver(record('eve', 'again'));
    clock.now = new Date(NOW.getTime() + HOUR);
    expect(await deliver(record('eve', 'again'))).toEqual([]);
    expect(deadLetters.map(([, note]) => note)).toMatchObject([
      { code: 'unconfirmed', detail: 'webex-mandatory-field-missing', answer: { status: 200, code: '1002' } },
    ]);
  });

  test('because its worker died is parked as soon as the claim has run out, and not before', async () => {
    const died = setUp({}, { call: () => new Promise(() => {}) });
    void died.deliver(record('ann'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { clock, called, deadLetters, lines, deliver } = setUp({ ledger: died.ledger });

    clock.now = new Date(NOW.getTime() + LEASE_MILLISECONDS - 1);
    expect(await deliver(record('ann'))).toEqual(['message-ann']);
    clock.now = new Date(NOW.getTime() + LEASE_MILLISECONDS);
    expect(await deliver(record('ann'))).toEqual([]);
    expect(lines.map(({ code }) => code)).toEqual(['busy', 'unconfirmed']);
    expect(called()).toEqual([]);
    expect(deadLetters.map(([, note]) => note)).toMatchObject([
      { code: 'unconfirmed', detail: 'worker-lost', attempts: 1 },
    ]);
  });
});

describe('a retry', () => {
  test('ends as retries-exhausted after a day, with what it met last', async () => {
    const { deadLetters, deliver } = setUp();

    expect(await deliver(record('bob', 'invoice.paid', { bufferedAt: dayAgo() }))).toEqual([]);
    expect(deadLetters[0]?.[1]).toMatchObject({ code: 'retries-exhausted', detail: 'webex-throttled' });
  });

  test('ends so as well where it could not even be called', async () => {
    const readKeys = async () => fail({ code: 'secret-missing', secret: 'webex-campaign' } as const);
    const { deadLetters, called, deliver } = setUp({}, { readKeys });

    expect(await deliver(record('ann'))).toEqual(['message-ann']);
    expect(await deliver(record('ann', 'invoice.paid', { bufferedAt: dayAgo() }))).toEqual([]);
    expect(called()).toEqual([]);
    expect(deadLetters[0]?.[1]).toMatchObject({
      code: 'retries-exhausted',
      detail: 'secret-missing',
      attempts: 0,
    });
  });

  test('is not given up for want of time', async () => {
    const { clock, deadLetters, deliver } = setUp();
    clock.remainingMilliseconds = 0;

    expect(await deliver(record('ann', 'invoice.paid', { bufferedAt: dayAgo() }))).toEqual(['message-ann']);
    expect(deadLetters).toEqual([]);
  });

  function dayAgo(): Date {
    return new Date(NOW.getTime() - 24 * HOUR);
  }
});

describe('an event with a max-age', () => {
  test.each([
    ['its own time', { at: '2026-11-24T10:59:59Z' }],
    ['its own time as a number', { at: NOW.getTime() - HOUR - 1 }],
  ])('that is too old by %s is recorded as expired, and not sent', async (_, body) => {
    const { called, entries, deadLetters, lines, deliver } = setUp();

    expect(await deliver(record('ann', 'fresh', { body }))).toEqual([]);
    expect([called(), deadLetters]).toEqual([[], []]);
    expect(lines).toMatchObject([{ outcome: 'expired', code: 'too-old', Events: 1 }]);
    expect([...entries.values()]).toMatchObject([{ state: 'expired', code: 'too-old', attempts: 0 }]);
    expect(await deliver(record('ann', 'fresh', { body }))).toEqual([]);
    expect(lines[1]).toMatchObject({ outcome: 'duplicate', code: 'already-expired' });
  });

  test('goes by the receive time where it has no time of its own', async () => {
    const { clock, called, lines, deliver } = setUp();

    await deliver(record('ann', 'fresh'));
    clock.now = new Date(NOW.getTime() + HOUR);
    const { message } = record('cat', 'fresh');
    await deliver({ ...record('cat', 'fresh'), message });

    expect(called()).toEqual(['ann']);
    expect(lines.map(({ outcome }) => outcome)).toEqual(['delivered', 'expired']);
  });

  test('that is young enough is sent', async () => {
    const { called, deliver } = setUp();

    await deliver(record('ann', 'fresh', { body: { at: '2026-11-24T11:00:01Z' } }));

    expect(called()).toEqual(['ann']);
  });
});

describe('without its ledger', () => {
  const DOWN = fail({ code: 'ledger-unavailable', cause: 'TimeoutError' } as const);

  test('nothing is called', async () => {
    const ledger = { read: async () => DOWN, write: async () => DOWN };
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

describe('a dead letter', () => {
  test('that cannot be written is written by the next who receives the message', async () => {
    const first = setUp({ putDeadLetter: async () => fail({ cause: 'TimeoutError' }) });

    expect(await first.deliver(record('cat'))).toEqual(['message-cat']);
    expect(first.lines).toMatchObject([
      { outcome: 'retry-later', code: 'dead-letter-unavailable', cause: 'TimeoutError' },
    ]);

    const second = setUp({ ledger: first.ledger });
    second.clock.now = new Date(NOW.getTime() + LEASE_MILLISECONDS);
    expect(await second.deliver(record('cat'))).toEqual([]);
    expect(second.called()).toEqual([]);
    expect(second.deadLetters.map(([, note]) => note)).toMatchObject([
      { code: 'webex-mandatory-field-missing', answer: { status: 200, code: '1002' }, attempts: 1 },
    ]);
  });

  test('is written of what cannot be mapped, once', async () => {
    const { deadLetters, called, deliver } = setUp();
    const unmapped = record('', 'invoice.paid', { body: { key: null } });

    expect(await deliver(unmapped)).toEqual([]);
    expect(await deliver(unmapped)).toEqual([]);
    expect(called()).toEqual([]);
    expect(deadLetters.map(([, note]) => note)).toMatchObject([
      { stage: 'map', code: 'event-key-missing', detail: 'event-key: null, from {% key %}', attempts: 0 },
    ]);
  });

  test.each([
    ['a message that cannot be read', { version: '9' }, '{}', 'message-unreadable'],
    ['a webhook of a source without a mapping', { source: 'nobody' }, '{}', 'no-mapping'],
    ['a webhook that no event is on any more', { 'event-type': 'gone' }, '{}', 'no-mapping'],
    ['a body that is not JSON', {}, '{', 'body-not-json'],
    ['a body that is nested too deep', {}, `${'['.repeat(501)}${']'.repeat(501)}`, 'body-too-deep'],
  ])('is written of %s', async (_, attributes, body, code) => {
    const { deadLetters, lines, deliver } = setUp();
    const { message, ...rest } = record('ann');
    const unopenable = { ...rest, message: { body, attributes: { ...message.attributes, ...attributes } } };

    expect(await deliver(unopenable)).toEqual([]);
    expect(deadLetters.map(([, note]) => note)).toMatchObject([{ code, attempts: 0, receives: 1 }]);
    expect(lines).toMatchObject([{ outcome: 'dead-letter', code, UnopenedMessages: 1 }]);
  });

  test('of a message that cannot be read is tried again later', async () => {
    const put = setUp({ putDeadLetter: async () => fail({ cause: 'TimeoutError' }) });
    const { message, ...rest } = record('ann');

    expect(await put.deliver({ ...rest, message: { ...message, body: '{' } })).toEqual(['message-ann']);
    expect(put.hidden).toEqual([['handle-ann', 5]]);
    expect(put.lines).toMatchObject([
      { outcome: 'retry-later', code: 'body-not-json', cause: 'TimeoutError' },
    ]);
  });
});

test('an event for which "when" is not met is skipped, and the ledger has nothing of it', async () => {
  const { entries, lines, deliver } = setUp();

  expect(await deliver(record('ann', 'owed', { body: { due: 0 } }))).toEqual([]);
  expect(entries.size).toBe(0);
  expect(lines).toMatchObject([{ outcome: 'skipped', code: 'when-not-met' }]);
});

test('one line an event tells all that is needed to find it, and no value of its payload', async () => {
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

test('what another worker has taken over is left to it', async () => {
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
