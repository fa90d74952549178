import { describe, expect, test } from '@jest/globals';
import type { Attempt } from '../../../lambdas/deliver/event-api/verdict.ts';
import { NOW, record, setUp } from './deliver-setup.ts';

const DAY_MILLISECONDS = 86_400_000;

function answered(status: number, body: object, retryAfter?: string): Attempt {
  return { kind: 'answered', status, retryAfter, body: JSON.stringify(body) };
}

/** A deliver function whose far side gives this one answer. */
function withAnswer(answer: Attempt) {
  return setUp({}, { call: async () => answer });
}

describe('a call', () => {
  test('is a POST of JSON that asks for JSON, with the key as bearer', async () => {
    const setup = withAnswer(answered(200, { 'transaction-id': 'event_1' }));
    await setup.deliver(record('ann'));

    expect(setup.requests).toMatchObject([
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          authorization: 'Bearer key-1',
        },
      },
    ]);
  });

  test('whose answer contradicts itself is parked with the id that Webex Campaign can be asked about', async () => {
    const setup = withAnswer(answered(200, { code: 1002, 'transaction-id': 'event_7' }));
    await setup.deliver(record('ann'));

    const kept = { code: 'unconfirmed', transactionId: 'event_7', answer: { status: 200, code: '1002' } };
    expect([...setup.entries.values()]).toMatchObject([{ state: 'unconfirmed', ...kept }]);
    expect(setup.deadLetters).toMatchObject([[{}, kept]]);
  });

  test('that was refused leaves no transaction id, neither in the ledger nor in the note', async () => {
    const setup = withAnswer(answered(200, { code: 1002 }));
    await setup.deliver(record('ann'));

    expect([setup.entries.size, setup.deadLetters.length]).toEqual([1, 1]);
    for (const kept of [...setup.entries.values(), ...setup.deadLetters.map(([, note]) => note)]) {
      expect(kept).not.toHaveProperty('transactionId');
    }
  });

  test('that was not answered is parked with what went wrong on the wire', async () => {
    const setup = withAnswer({ kind: 'no-answer', cause: 'timeout' });
    await setup.deliver(record('ann'));

    expect(setup.lines).toMatchObject([{ outcome: 'dead-letter', code: 'unconfirmed', cause: 'timeout' }]);
    expect(setup.deadLetters).toMatchObject([[{}, { code: 'unconfirmed', detail: 'timeout' }]]);
  });

  test('that is to be made again is not made sooner than was asked, by whichever message', async () => {
    const setup = withAnswer(answered(429, { code: 429 }, '40'));
    await setup.deliver(record('ann'));

    expect([...setup.entries.values()]).toMatchObject([
      { state: 'waiting', leaseUntil: new Date(NOW.getTime() + 40_000) },
    ]);
  });

  test('that has been made for a day ends with what it met last', async () => {
    const setup = withAnswer(answered(429, { code: 429 }));
    await setup.deliver(
      record('ann', 'invoice.paid', { bufferedAt: new Date(NOW.getTime() - 2 * DAY_MILLISECONDS) }),
    );

    const end = { stage: 'deliver', code: 'retries-exhausted', detail: 'webex-throttled' };
    expect([...setup.entries.values()]).toMatchObject([{ state: 'failed', ...end }]);
    expect(setup.deadLetters).toMatchObject([[{}, end]]);
  });
});

describe('an event with an age at which it is not worth saying any more', () => {
  test.each([
    ['is sent when it is just that old', 3_600_000, ['delivered']],
    ['is not sent when it is older', 3_600_001, ['expired']],
  ])('%s', async (_, age, outcomes) => {
    const setup = withAnswer(answered(200, { 'transaction-id': 'event_1' }));
    const at = new Date(NOW.getTime() - age).toISOString();
    await setup.deliver(record('ann', 'fresh', { body: { at } }));

    expect(setup.lines.map(({ outcome }) => outcome)).toEqual(outcomes);
  });
});

describe('what is not as it should be', () => {
  test('in a message is told whole', async () => {
    const setup = withAnswer(answered(200, {}));
    const { message, ...rest } = record('ann');
    const { source: _, 'event-type': __, ...attributes } = message.attributes;
    await setup.deliver({ ...rest, message: { ...message, attributes } });

    expect(setup.deadLetters).toMatchObject([
      [
        {},
        {
          stage: 'buffer',
          code: 'message-unreadable',
          detail: expect.stringMatching(/^source: .*; event-type: /),
        },
      ],
    ]);
  });

  test('in our own code has a name even where nothing was thrown that has one', async () => {
    const setup = setUp({}, { call: () => Promise.reject('no error at all') });
    await setup.deliver(record('ann'));

    expect(setup.lines).toMatchObject([{ outcome: 'retry-later', code: 'internal-error', cause: 'unknown' }]);
  });
});
