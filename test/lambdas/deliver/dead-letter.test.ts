import { describe, expect, test } from '@jest/globals';
import { deadLetterFailed, failedBy, failedWithoutMapping } from '../../../lambdas/deliver/dead-letter.ts';
import type { LedgerEntry } from '../../../lambdas/deliver/ledger/entry.ts';
import type { EventDependencies } from '../../../lambdas/deliver/work.ts';
import { fail, succeed } from '../../../lambdas/result.ts';
import { LEASE_MILLISECONDS, NOW, record, setUp } from './deliver-setup.ts';

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
    expect(second.deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([
      { code: 'webex-mandatory-field-missing', answer: { status: 200, code: '1002' }, attempts: 1 },
    ]);
  });

  test('is written once for an event that cannot be mapped', async () => {
    const { deadLetters, called, deliver } = setUp();
    const unmapped = record('', 'invoice.paid', { body: { key: null } });

    expect(await deliver(unmapped)).toEqual([]);
    expect(await deliver(unmapped)).toEqual([]);
    expect(called()).toEqual([]);
    expect(deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([
      { stage: 'map', code: 'event-key-missing', detail: 'event-key: null, from {% key %}', attempts: 0 },
    ]);
  });

  test.each([
    ['a message that cannot be read', { version: '9' }, '{}', 'message-unreadable'],
    ['a webhook of a source without a mapping', { source: 'nobody' }, '{}', 'no-mapping'],
    ['a webhook that no event is on any more', { 'event-type': 'gone' }, '{}', 'no-mapping'],
    ['a body that is not JSON', {}, '{', 'body-not-json'],
    ['a body that is nested too deep', {}, `${'['.repeat(501)}${']'.repeat(501)}`, 'body-too-deep'],
  ])('is written for %s', async (_, attributes, body, code) => {
    const { deadLetters, lines, deliver } = setUp();
    const { message, ...rest } = record('ann');
    const unopenable = { ...rest, message: { body, attributes: { ...message.attributes, ...attributes } } };

    expect(await deliver(unopenable)).toEqual([]);
    expect(deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([{ code, attempts: 0 }]);
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

const ENTRY: LedgerEntry = {
  webhook: 'stripe:fact-7',
  event: 'paid',
  webhookId: 'delivery-1',
  receivedAt: NOW,
  mappingVersion: 'v1',
  revision: 3,
  state: 'failed',
  code: 'webex-refused',
  stage: 'deliver',
  owner: 'worker-1',
  leaseUntil: NOW,
  attempts: 2,
  expiresAt: NOW,
};

describe('an event that failed', () => {
  test('has its item and its identity, where it has them', () => {
    const named = { name: 'paid', item: 3, identity: 'fact-7' };

    expect(failedBy(ENTRY, named)).toStrictEqual({
      ...named,
      outcome: 'failed',
      reason: { outcome: 'dead-letter', stage: 'deliver', code: 'webex-refused', attempts: 2 },
      entry: ENTRY,
    });
    expect(failedBy(ENTRY, { name: 'paid' })).not.toHaveProperty('item');
    expect(failedBy(ENTRY, { name: 'paid' })).not.toHaveProperty('identity');
  });

  test.each([
    ['unconfirmed', 'unconfirmed', undefined, undefined],
    ['unconfirmed', 'webex-throttled', 'x', 'webex-throttled'],
    ['unconfirmed', 'unconfirmed', 'timeout', 'timeout'],
    ['claimed', undefined, 'timeout', 'timeout'],
  ] as const)('that is %s for %s, with %s, is unconfirmed for %s', (state, code, detail, why) => {
    const { code: _, ...rest } = ENTRY;
    const entry = { ...rest, state, ...(code && { code }), ...(detail && { detail }) };
    const { reason } = failedBy(entry, { name: 'paid' });

    expect(reason).toMatchObject({ code: 'unconfirmed' });
    expect(reason.detail).toBe(why);
    expect('detail' in reason).toBe(why !== undefined);
  });

  test('that no mapping has any more keeps its item, and why', () => {
    const reason = { outcome: 'dead-letter', stage: 'map', code: 'no-mapping' };

    expect(failedWithoutMapping({ name: 'gone' })).toStrictEqual({ outcome: 'failed', name: 'gone', reason });
    expect(failedWithoutMapping({ name: 'gone', item: 0 }, 'when-not-met')).toStrictEqual({
      outcome: 'failed',
      name: 'gone',
      item: 0,
      reason: { ...reason, detail: 'when-not-met' },
    });
  });
});

describe('the events that failed in one receive', () => {
  /** What dead-lettering needs, and what was written into the ledger. */
  function world(write: EventDependencies['ledger']['write'] = async () => succeed('written')) {
    const notes: unknown[] = [];
    const written: LedgerEntry[] = [];
    const dependencies = {
      now: () => NOW,
      random: () => 1,
      pause: async () => {},
      remainingMilliseconds: () => 0,
      putDeadLetter: async (_: unknown, note: unknown) => {
        notes.push(note);
        return succeed(undefined);
      },
      ledger: {
        read: async () => succeed(undefined),
        copy: async () => succeed('written'),
        write: async (entry: LedgerEntry) => {
          written.push(entry);
          return write(entry);
        },
      },
    } as unknown as EventDependencies;
    return { notes, written, dependencies };
  }

  test('are in one note, each with its identity and its mapping’s version', async () => {
    const { notes, dependencies } = world();
    const failed = [
      failedBy(
        { ...ENTRY, transactionId: 'event_1', firstAttemptAt: NOW, lastAttemptAt: NOW },
        { name: 'paid', identity: 'fact-7' },
      ),
      failedWithoutMapping({ name: 'gone', item: 2 }),
    ];
    const { message, ...rest } = record('ann');
    const { 'webhook-id': _, ...attributes } = message.attributes;
    await deadLetterFailed({ ...rest, message: { ...message, attributes } }, failed, dependencies);

    expect(notes).toStrictEqual([
      {
        failures: [
          {
            stage: 'deliver',
            code: 'webex-refused',
            event: 'paid',
            identity: 'fact-7',
            attempts: 2,
            mappingVersion: 'v1',
            transactionId: 'event_1',
            firstAttemptAt: NOW.toISOString(),
            lastAttemptAt: NOW.toISOString(),
          },
          { stage: 'map', code: 'no-mapping', event: 'gone', items: [2], attempts: 0 },
        ],
        receives: 1,
        deadLetteredAt: NOW.toISOString(),
      },
    ]);
  });

  test('are marked in the ledger once, and the mark that fails is said beside them', async () => {
    const failed = [
      failedBy(ENTRY, { name: 'paid' }),
      failedBy({ ...ENTRY, deadLetteredAt: NOW }, { name: 'paid' }),
      failedWithoutMapping({ name: 'gone' }),
    ];
    const marking = world();
    const outcomes = await deadLetterFailed(record('ann'), failed, marking.dependencies);
    expect(marking.written).toMatchObject([{ revision: 4, deadLetteredAt: NOW }]);
    expect(outcomes).toStrictEqual(failed.map(({ reason }) => reason));

    const failing = world(async () => fail({ code: 'ledger-unavailable', cause: 'TimeoutError' }));
    expect(await deadLetterFailed(record('ann'), failed.slice(0, 1), failing.dependencies)).toMatchObject([
      { code: 'webex-refused', cause: 'ledger-unavailable' },
    ]);
  });

  test('are marked twenty at a time', async () => {
    let working = 0;
    let most = 0;
    const { dependencies, written } = world(async () => {
      working += 1;
      most = Math.max(most, working);
      await new Promise(setImmediate);
      working -= 1;
      return succeed('written');
    });
    const failed = Array.from({ length: 45 }, (_, item) => failedBy(ENTRY, { name: 'paid', item }));

    expect(await deadLetterFailed(record('ann'), failed, dependencies)).toHaveLength(45);
    expect([most, written.length]).toEqual([20, 45]);
  });
});
