import { describe, expect, test } from '@jest/globals';
import { createBreaker } from '../../../lambdas/deliver/event-api/breaker.ts';
import {
  type CallerDependencies,
  createEventCaller,
  createRateLimit,
} from '../../../lambdas/deliver/event-api/caller.ts';
import { createKeyedCaller } from '../../../lambdas/deliver/event-api/keys.ts';
import {
  type Attempt,
  classifyAttempt,
  DEFAULT_ANSWER_RULES,
} from '../../../lambdas/deliver/event-api/verdict.ts';
import { formatEvent } from '../../../lambdas/deliver/log-line.ts';
import { succeed } from '../../../lambdas/result.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';
import { NOW, record, setUp } from './deliver-setup.ts';
import { mapOneEvent, workOn } from './one-event.ts';

const EVENT = { event: { name: 'paid', eventId: 'evt_1', eventKey: 'ann', params: {} }, payload: '{}' };

function answered(status: number, body: object): Attempt {
  return { kind: 'answered', status, retryAfter: undefined, body: JSON.stringify(body) };
}

const ACCEPTED = answered(200, { 'transaction-id': 'e' });
const THROTTLED = answered(429, { code: 429, description: 'slow down' });

const ANSWERS: readonly Attempt[] = [
  ACCEPTED,
  THROTTLED,
  answered(200, { code: 1002, description: 'Mandatory field is missing' }),
  answered(404, {}),
  { kind: 'no-answer', cause: 'timeout' },
];

function explode(): never {
  throw new RangeError('the words of ann');
}

/** A caller to which Webex Campaign gives this one answer. */
function callerFor(answer: Attempt, changes: Partial<CallerDependencies> = {}) {
  const readKeys = async () => succeed({ primary: 'key-1', secondary: 'key-2' });
  return createEventCaller({
    keyedCaller: createKeyedCaller({ readKeys, rereadKeys: async () => undefined }),
    readKeys,
    breaker: createBreaker('call'),
    rateLimit: createRateLimit(1_000_000),
    call: async () => answer,
    callMilliseconds: 10_000,
    ...DEFAULT_ANSWER_RULES,
    reportUnknownProbe: () => {},
    pause: async () => {},
    now: () => NOW,
    ...changes,
  });
}

const verdictOf = (answer: Attempt) => classifyAttempt(answer, NOW, DEFAULT_ANSWER_RULES);

describe('a bug beside a call leaves its verdict, and is reported beside it:', () => {
  test.each(ANSWERS)('when the breaker cannot learn of %j', async (answer) => {
    const breaker = { ...createBreaker('call'), record: explode };
    const called = await callerFor(answer, { breaker }).call(EVENT, () => 30_000);

    expect(called).toMatchObject({
      kind: 'called',
      verdict: verdictOf(answer),
      faults: [{ code: 'breaker-not-updated', cause: 'RangeError' }],
    });
  });

  test.each(ANSWERS)('when the keys cannot be kept in mind after %j', async (answer) => {
    const keyedCaller: CallerDependencies['keyedCaller'] = async (call) => {
      await call('key-1');
      return explode();
    };
    const called = await callerFor(answer, { keyedCaller }).call(EVENT, () => 30_000);

    expect(called).toMatchObject({ verdict: verdictOf(answer), calls: 1 });
    expect(called).toMatchObject({ faults: [{ code: 'keys-not-updated', cause: 'RangeError' }] });
    expect(called).not.toHaveProperty('keyUsed');
  });

  test('when the words of an answer cannot be masked', async () => {
    const params = new Proxy({}, { ownKeys: explode });
    const event = { ...EVENT, event: { ...EVENT.event, params } };
    const called = await callerFor(THROTTLED).call(event, () => 30_000);

    expect(called).toMatchObject({
      verdict: verdictOf(THROTTLED),
      faults: [{ code: 'answer-not-quoted', cause: 'RangeError' }],
    });
  });

  test('when an answer cannot be judged, and when the call itself throws: then it is unclear', async () => {
    const successIdFields = new Proxy([], { get: explode });
    const unjudged = callerFor(ACCEPTED, { successIdFields });
    const thrown = callerFor(ACCEPTED, { call: async () => explode() });

    for (const caller of [unjudged, thrown]) {
      expect(await caller.call(EVENT, () => 30_000)).toMatchObject({
        kind: 'called',
        verdict: { outcome: 'unconfirmed', cause: 'internal-error' },
        faults: [{ code: 'answer-not-judged', cause: 'RangeError' }],
      });
    }
  });

  test('but one before any call says nothing of a call, and is thrown', async () => {
    const keyedCaller = async () => explode();

    await expect(callerFor(ACCEPTED, { keyedCaller }).call(EVENT, () => 30_000)).rejects.toThrow(RangeError);
  });

  test('when the history of the ledger’s entry cannot be added to', async () => {
    let answer = THROTTLED;
    const setup = setUp({}, { call: async () => answer });
    await setup.deliver(record('ann'));
    // An entry of a form that no version ever wrote.
    for (const [key, entry] of setup.entries) setup.entries.set(key, { ...entry, history: 7 as never });
    answer = ACCEPTED;
    setup.clock.now = new Date(NOW.getTime() + 3_600_000);
    await setup.deliver(record('ann'));

    expect(setup.lines.at(-1)).toMatchObject({
      outcome: 'delivered',
      faults: [{ code: 'history-not-kept', cause: 'TypeError' }],
    });
    expect([...setup.entries.values()]).toMatchObject([{ state: 'delivered' }]);
  });

  test('when its log line cannot be formatted', () => {
    const work = workOn(mapOneEvent({ onUnconfirmed: 'park' }), 1, 1);
    const outcome = { outcome: 'delivered', transactionId: 'e' } as const;
    const line = formatEvent(work, outcome, { now: NOW, isFirstThisMinute: explode });

    expect(line).toMatchObject({
      stage: 'deliver',
      outcome: 'delivered',
      code: 'internal-error',
      faults: [{ code: 'line-not-formatted', cause: 'RangeError' }],
      Faults: 1,
    });
  });
});

describe('a long parameter that is not ASCII', () => {
  const events = [
    {
      name: 'paid',
      on: 'invoice.paid',
      'event-id': 'evt_1',
      'event-key': '{% key %}',
      'event-params': { note: '{% note %}' },
    },
  ];

  test.each([
    ['Cyrillic', 'Ж'.repeat(11_000)],
    ['a URL', `https://example.com/?${'a=%2F(b)&'.repeat(2_300)}`],
  ])('leaves a certain 429 certain: %s', async (_, note) => {
    const answer = answered(429, { code: 429, description: `slow down, ann: ${note}` });
    const setup = setUp(
      { mappings: new Map([['stripe', compiledMapping(events)]]) },
      { call: async () => answer },
    );
    await setup.deliver(record('ann', 'invoice.paid', { body: { note } }));

    expect([...setup.entries.values()]).toMatchObject([
      { state: 'waiting', code: 'webex-throttled', answer: { description: 'slow down, •••: •••' } },
    ]);
    expect(setup.lines).toMatchObject([{ outcome: 'retry-later', code: 'webex-throttled' }]);
  });
});

test('a fault is counted with its event, and tells nothing of the customer', async () => {
  const breaker = { ...createBreaker('call'), record: explode };
  const setup = setUp({}, { breaker, call: async () => answered(200, { 'transaction-id': 'e' }) });
  await setup.deliver(record('ann'));

  expect(setup.lines).toMatchObject([{ outcome: 'delivered', Faults: 1, faults: [{ cause: 'RangeError' }] }]);
  expect(JSON.stringify(setup.lines)).not.toContain('the words of');
});
