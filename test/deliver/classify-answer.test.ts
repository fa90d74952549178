import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Attempt } from '../../lambdas/deliver/attempt.ts';
import { classifyAttempt } from '../../lambdas/deliver/classify-answer.ts';

const NOW = new Date('2026-11-23T12:00:00Z');

function answered(status: number, body: unknown, retryAfter?: string): Attempt {
  return {
    kind: 'answered',
    status,
    retryAfter,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** The failure table of the contract: webex-event-api.md, "Failure answers". */
const CODES: readonly [number, string, string][] = [
  [1001, 'dead-letter', 'webex-invalid-json'],
  [1002, 'dead-letter', 'webex-mandatory-field-missing'],
  [1003, 'dead-letter', 'webex-no-recommendation'],
  [430, 'retry-later', 'webex-credentials-refused'],
  [498, 'retry-later', 'webex-credentials-refused'],
  [404, 'dead-letter', 'webex-not-found'],
  [405, 'dead-letter', 'webex-method-not-supported'],
  [429, 'retry-later', 'webex-throttled'],
  [499, 'dead-letter', 'unconfirmed'],
  [500, 'dead-letter', 'unconfirmed'],
  [502, 'dead-letter', 'unconfirmed'],
];

describe.each([200, 500])("under HTTP %d, either setting of the vendor's switch,", (status) => {
  test.each(CODES)('the code %d in the body means %s as %s', (code, outcome, meaning) => {
    const verdict = classifyAttempt(answered(status, { code, description: 'x' }), NOW);

    expect(verdict).toEqual({ outcome, code: meaning, answer: { status, code: `${code}` } });
  });

  test.each(CODES)('the code "%d" as text means the same', (code, outcome, meaning) => {
    expect(classifyAttempt(answered(status, { code: `${code}` }), NOW)).toMatchObject({
      outcome,
      code: meaning,
    });
  });
});

describe('without a code that is known, the status decides:', () => {
  test.each([
    [301, 'dead-letter', 'webex-redirected'],
    [400, 'dead-letter', 'webex-refused'],
    [401, 'retry-later', 'webex-credentials-refused'],
    [403, 'dead-letter', 'webex-refused'],
    [404, 'dead-letter', 'webex-not-found'],
    [405, 'dead-letter', 'webex-method-not-supported'],
    [408, 'dead-letter', 'unconfirmed'],
    [429, 'retry-later', 'webex-throttled'],
    [499, 'dead-letter', 'unconfirmed'],
    [500, 'dead-letter', 'unconfirmed'],
    [502, 'dead-letter', 'unconfirmed'],
    [503, 'dead-letter', 'unconfirmed'],
  ])('HTTP %d means %s as %s', (status, outcome, code) => {
    for (const body of ['', '<html>', '{}', '[]', 'null', { code: 7777 }, { code: { a: 1 } }]) {
      expect(classifyAttempt(answered(status, body), NOW)).toMatchObject({ outcome, code });
    }
  });
});

describe('delivered needs positive proof:', () => {
  test.each([200, 202, 299])('HTTP %d with a transaction id is delivered', (status) => {
    expect(classifyAttempt(answered(status, { 'transaction-id': 'event_1' }), NOW)).toEqual({
      outcome: 'delivered',
      transactionId: 'event_1',
      answer: { status },
    });
  });

  test.each([
    ['an empty body', 200, ''],
    ['HTML', 200, '<html>'],
    ['an unknown object', 200, { 'bad-response': 'yes' }],
    ['an empty transaction id', 200, { 'transaction-id': ' ' }],
    ['a transaction id beside a failure code', 200, { 'transaction-id': 'event_1', code: 1002 }],
    ['a transaction id under a failure status', 500, { 'transaction-id': 'event_1' }],
    ['a code that nobody knows', 200, { code: 7777 }],
  ])('%s is unconfirmed', (_, status, body) => {
    expect(classifyAttempt(answered(status, body), NOW)).toMatchObject({
      outcome: 'dead-letter',
      code: 'unconfirmed',
    });
  });
});

describe('without an answer,', () => {
  test('what never left is tried again', () => {
    expect(classifyAttempt({ kind: 'not-sent', cause: 'ECONNREFUSED' }, NOW)).toEqual({
      outcome: 'retry-later',
      code: 'webex-unreachable',
    });
  });

  test('what left is unconfirmed, since it may have been accepted', () => {
    expect(classifyAttempt({ kind: 'no-answer', cause: 'timeout' }, NOW)).toEqual({
      outcome: 'dead-letter',
      code: 'unconfirmed',
    });
  });
});

test('a throttled attempt passes on what Retry-After asks for', () => {
  expect(classifyAttempt(answered(429, { code: 429 }, '7'), NOW)).toMatchObject({ retryAfterSeconds: 7 });
});

test('any answer at all has one of the three outcomes, and is delivered only with a transaction id', () => {
  const anyBody = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(fc.string(), fc.jsonValue()).map((o) => JSON.stringify(o)),
  );

  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), anyBody, (status, body) => {
      const { outcome } = classifyAttempt(answered(status, body), NOW);

      expect(['delivered', 'retry-later', 'dead-letter']).toContain(outcome);
      if (!body.includes('transaction-id')) expect(outcome).not.toBe('delivered');
    }),
  );
});
