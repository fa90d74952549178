import { describe, expect, test } from '@jest/globals';
import type { Attempt } from '../../../lambdas/deliver/event-api/verdict.ts';
import { fail } from '../../../lambdas/result.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';
import { LEASE_MILLISECONDS, NOW, record, setUp } from './deliver-setup.ts';

const DAY_MILLISECONDS = 86_400_000;

function answered(status: number, body: object, retryAfter?: string): Attempt {
  return { kind: 'answered', status, retryAfter, body: JSON.stringify(body) };
}

/** A deliver function to which Webex Campaign gives this one answer. */
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
    expect(setup.deadLetters).toMatchObject([[{}, { failures: [kept] }]]);
  });

  test('that was refused leaves no transaction id, neither in the ledger nor in the note', async () => {
    const setup = withAnswer(answered(200, { code: 1002 }));
    await setup.deliver(record('ann'));

    expect([setup.entries.size, setup.deadLetters.length]).toEqual([1, 1]);
    for (const kept of [
      ...setup.entries.values(),
      ...setup.deadLetters.flatMap(([, note]) => note.failures),
    ]) {
      expect(kept).not.toHaveProperty('transactionId');
    }
  });

  test('that was not answered is parked with what went wrong on the wire', async () => {
    const setup = withAnswer({ kind: 'no-answer', cause: 'timeout' });
    await setup.deliver(record('ann'));

    expect(setup.lines).toMatchObject([{ outcome: 'dead-letter', code: 'unconfirmed', cause: 'timeout' }]);
    expect(setup.deadLetters).toMatchObject([
      [{}, { failures: [{ code: 'unconfirmed', detail: 'timeout' }] }],
    ]);
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
    expect(setup.deadLetters).toMatchObject([[{}, { failures: [end] }]]);
  });
});

describe('an event with a largest age', () => {
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

describe('a fault', () => {
  test('in a message is noted with every problem', async () => {
    const setup = withAnswer(answered(200, {}));
    const { message, ...rest } = record('ann');
    const { source: _, 'event-type': __, ...attributes } = message.attributes;
    await setup.deliver({ ...rest, message: { ...message, attributes } });

    expect(setup.deadLetters).toMatchObject([
      [
        {},
        {
          failures: [
            {
              stage: 'buffer',
              code: 'message-unreadable',
              detail: expect.stringMatching(/^source: .*; event-type: /),
            },
          ],
        },
      ],
    ]);
  });

  test('in our own code has a name even if what was thrown has none', async () => {
    const setup = setUp({ hashEventKey: () => Promise.reject('no error at all') });
    await setup.deliver(record('ann'));

    expect(setup.lines).toMatchObject([{ outcome: 'retry-later', code: 'internal-error', cause: 'unknown' }]);
  });

  test('in a call itself leaves it unclear whether it was made: the event is parked at once', async () => {
    const setup = setUp({}, { call: () => Promise.reject('no error at all') });
    await setup.deliver(record('ann'));

    expect([...setup.entries.values()]).toMatchObject([{ state: 'unconfirmed' }]);
    expect(setup.lines).toMatchObject([
      {
        outcome: 'dead-letter',
        code: 'unconfirmed',
        faults: [{ code: 'answer-not-judged', cause: 'unknown' }],
      },
    ]);
  });
});

const HOUR = 3_600_000;

describe('an event that may have been accepted', () => {
  test('is parked: dead-lettered as unconfirmed, and not sent again', async () => {
    const { called, clock, deadLetters, entries, deliver } = setUp();

    expect(await deliver(record('eve'))).toEqual([]);
    clock.now = new Date(NOW.getTime() + HOUR);
    expect(await deliver(record('eve'))).toEqual([]);
    expect(called()).toEqual(['eve']);
    expect(deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([
      { code: 'unconfirmed', detail: 'timeout' },
    ]);
    expect([...entries.values()]).toMatchObject([{ state: 'unconfirmed', deadLetteredAt: NOW }]);
  });

  test('is sent again where its mapping says so, until its time is up', async () => {
    const { called, clock, deadLetters, lines, deliver } = setUp();

    expect(await deliver(record('eve', 'again'))).toEqual(['message-eve']);
    expect(lines).toMatchObject([{ outcome: 'retry-later', code: 'unconfirmed', attempts: 1 }]);
    clock.now = new Date(NOW.getTime() + 25 * HOUR);
    expect(await deliver(record('eve', 'again', { receives: 2 }))).toEqual([]);
    expect(called()).toEqual(['eve', 'eve']);
    expect(deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([
      { code: 'unconfirmed', attempts: 2 },
    ]);
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
    expect(deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([
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
    expect(deadLetters.flatMap(([, note]) => note.failures)).toMatchObject([
      { code: 'unconfirmed', detail: 'worker-lost', attempts: 1 },
    ]);
  });
});

describe('a retry', () => {
  test('ends as retries-exhausted after a day, with what it met last', async () => {
    const { deadLetters, deliver } = setUp();

    expect(await deliver(record('bob', 'invoice.paid', { bufferedAt: dayAgo() }))).toEqual([]);
    expect(deadLetters[0]?.[1].failures[0]).toMatchObject({
      code: 'retries-exhausted',
      detail: 'webex-throttled',
    });
  });

  test('ends so as well where it could not even be called', async () => {
    const readKeys = async () => fail({ code: 'secret-missing', secret: 'webex-campaign' } as const);
    const { deadLetters, called, deliver } = setUp({}, { readKeys });

    expect(await deliver(record('ann'))).toEqual(['message-ann']);
    expect(await deliver(record('ann', 'invoice.paid', { bufferedAt: dayAgo() }))).toEqual([]);
    expect(called()).toEqual([]);
    expect(deadLetters[0]?.[1].failures[0]).toMatchObject({
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

describe('what the ledger keeps of a call', () => {
  const mapping = compiledMapping([
    {
      name: 'paid',
      on: 'invoice.paid',
      'event-id': 'evt_1',
      'event-key': '{% key %}',
      'event-params': { plan: 'Gold', name: '{% name %}' },
    },
  ]);

  async function entryOf(body: object) {
    const setup = setUp({ mappings: new Map([['stripe', mapping]]) });
    await setup.deliver(record('ann', 'invoice.paid', { body }));
    return [...setup.entries.values()];
  }

  test('is the event definition, and each parameter by its name and its bytes', async () => {
    expect(await entryOf({ name: 'Zoë' })).toEqual([
      expect.objectContaining({ eventId: 'evt_1', parameters: { plan: 4, name: 4 } }),
    ]);
  });

  test('is missing where the mapping made no event', async () => {
    const [entry] = await entryOf({ key: null, name: 'Zoë' });

    expect(entry).toMatchObject({ state: 'failed', stage: 'map' });
    expect(entry).not.toHaveProperty('eventId');
    expect(entry).not.toHaveProperty('parameters');
  });
});
