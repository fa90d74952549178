import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Attempt,
  classifyAttempt,
  DEFAULT_ANSWER_RULES,
  quoteAnswer,
  readAnswer,
  type Verdict,
} from '../../../../lambdas/deliver/event-api/verdict.ts';

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
  [499, 'unconfirmed', 'unconfirmed'],
  [500, 'unconfirmed', 'unconfirmed'],
  [502, 'unconfirmed', 'unconfirmed'],
];

/** What a status means that no code explains; every other one from 100 to 599 is unconfirmed. */
const STATUSES = new Map<number, readonly [string, string]>([
  ...range(300, 399).map((status) => [status, ['dead-letter', 'webex-redirected']] as const),
  ...range(400, 499).map((status) => [status, ['dead-letter', 'webex-refused']] as const),
  [401, ['retry-later', 'webex-credentials-refused']],
  [404, ['dead-letter', 'webex-not-found']],
  [405, ['dead-letter', 'webex-method-not-supported']],
  [408, ['unconfirmed', 'unconfirmed']],
  [429, ['retry-later', 'webex-throttled']],
  [499, ['unconfirmed', 'unconfirmed']],
]);

const SILENT_BODIES = ['', '<html>', '{}', '[]', 'null', '{"code":7777}', '{"code":{"a":1}}', '{"code":"x"}'];

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

const anyStatus = fc.integer({ min: 100, max: 599 });

describe.each(CODES)('the code %d in the body', (code, outcome, meaning) => {
  test(`means ${outcome} as ${meaning} under every status, as a number or as text`, () => {
    for (const status of range(100, 599)) {
      for (const written of [code, `${code}`]) {
        expect(classifyAttempt(answered(status, { code: written, description: 'x' }), NOW)).toEqual({
          outcome,
          code: meaning,
          answer: { status, code: `${code}` },
          ...(outcome === 'unconfirmed' && { cause: 'answer-json' }),
        });
      }
    }
  });
});

test('without a code that is known, the status decides', () => {
  for (const status of range(100, 599)) {
    const [outcome, code] = STATUSES.get(status) ?? ['unconfirmed', 'unconfirmed'];
    for (const body of SILENT_BODIES) {
      expect(classifyAttempt(answered(status, body), NOW)).toMatchObject({
        outcome,
        code,
        answer: { status },
      });
    }
  }
});

test('the same body has the same verdict under every status that a code may come with', () => {
  const body = fc.record(
    { code: fc.constantFrom(...CODES.map(([code]) => code)), description: fc.string() },
    { requiredKeys: ['code'] },
  );

  fc.assert(
    fc.property(anyStatus, anyStatus, body, fc.option(fc.nat(5000)), (one, other, said, hint) => {
      const verdicts = [one, other].map((status) => {
        const verdict = classifyAttempt(answered(status, said, hint === null ? undefined : `${hint}`), NOW);
        return { ...verdict, answer: undefined };
      });

      expect(verdicts[0]).toEqual(verdicts[1]);
    }),
  );
});

describe('delivered needs positive proof:', () => {
  test('a transaction id delivers under every 2xx and is unconfirmed under every other status', () => {
    for (const status of range(100, 599)) {
      const isSuccess = status >= 200 && status <= 299;

      expect(classifyAttempt(answered(status, { 'transaction-id': 'event_1' }), NOW)).toStrictEqual(
        isSuccess
          ? { outcome: 'delivered', transactionId: 'event_1', answer: { status } }
          : { outcome: 'unconfirmed', code: 'unconfirmed', transactionId: 'event_1', answer: { status } },
      );
    }
  });

  test.each([...CODES.map(([code]) => code), 7777, 0, { a: 1 }, true])(
    'a transaction id beside the code %j is unconfirmed under every status',
    (code) => {
      for (const status of [200, 202, 401, 429, 500]) {
        const body = { 'transaction-id': 'event_1', code };

        expect(classifyAttempt(answered(status, body), NOW)).toMatchObject({ outcome: 'unconfirmed' });
      }
    },
  );

  test.each([null, ''])('the code %j beside a transaction id is no code', (code) => {
    expect(classifyAttempt(answered(200, { 'transaction-id': 'event_1', code }), NOW)).toMatchObject({
      outcome: 'delivered',
    });
  });

  test('which members prove success is a setting', () => {
    const attempt = answered(202, { transid: 't-1' });

    expect(classifyAttempt(attempt, NOW)).toMatchObject({ outcome: 'unconfirmed' });
    expect(
      classifyAttempt(attempt, NOW, { ...DEFAULT_ANSWER_RULES, successIdFields: ['transid'] }),
    ).toMatchObject({
      outcome: 'delivered',
      transactionId: 't-1',
    });
  });
});

describe('HTTP 503', () => {
  const WITH_DATE = 'Mon, 23 Nov 2026 12:01:00 GMT';

  test.each([
    ['30', 30],
    ['0', 0],
    [WITH_DATE, 60],
  ])('with "Retry-After: %s" was not accepted, and is tried again', (retryAfter, retryAfterSeconds) => {
    for (const body of SILENT_BODIES) {
      expect(classifyAttempt(answered(503, body, retryAfter), NOW)).toMatchObject({
        outcome: 'retry-later',
        code: 'webex-unavailable',
        retryAfterSeconds,
      });
    }
  });

  test.each([undefined, '', 'soon', '-1', '1.5'])('with "Retry-After: %s" stays unclear', (retryAfter) => {
    expect(classifyAttempt(answered(503, '', retryAfter), NOW)).toMatchObject({ outcome: 'unconfirmed' });
  });

  test('without Retry-After is tried again where the stage says so', () => {
    const rules = { ...DEFAULT_ANSWER_RULES, serviceUnavailable: 'retry' as const };

    expect(classifyAttempt(answered(503, '<html>'), NOW, rules)).toEqual({
      outcome: 'retry-later',
      code: 'webex-unavailable',
      answer: { status: 503 },
    });
  });

  test('stays what the code in its body says, whatever else it has', () => {
    const rules = { ...DEFAULT_ANSWER_RULES, serviceUnavailable: 'retry' as const };

    for (const [code, outcome, meaning] of CODES) {
      const verdict = classifyAttempt(answered(503, { code }, '30'), NOW, rules);
      expect(verdict).toMatchObject({ outcome, code: meaning });
    }
  });

  test('with a transaction id may have been accepted all the same', () => {
    const rules = { ...DEFAULT_ANSWER_RULES, serviceUnavailable: 'retry' as const };
    const attempt = answered(503, { 'transaction-id': 'event_1' }, '30');

    expect(classifyAttempt(attempt, NOW, rules)).toMatchObject({
      outcome: 'unconfirmed',
      transactionId: 'event_1',
    });
  });

  test.each([500, 502, 504, 520, 599])('is alone in that: HTTP %d stays unclear', (status) => {
    const rules = { ...DEFAULT_ANSWER_RULES, serviceUnavailable: 'retry' as const };

    expect(classifyAttempt(answered(status, '', '30'), NOW, rules)).toMatchObject({ outcome: 'unconfirmed' });
  });
});

describe('without an answer,', () => {
  test('what never left is tried again', () => {
    expect(classifyAttempt({ kind: 'not-sent', cause: 'ECONNREFUSED' }, NOW)).toEqual({
      outcome: 'retry-later',
      code: 'webex-unreachable',
      cause: 'ECONNREFUSED',
    });
  });

  test('what left is unconfirmed, since it may have been accepted', () => {
    expect(classifyAttempt({ kind: 'no-answer', cause: 'timeout' }, NOW)).toEqual({
      outcome: 'unconfirmed',
      code: 'unconfirmed',
      cause: 'timeout',
    });
  });
});

describe('what Retry-After asks for', () => {
  test.each([
    [429, { code: 429 }],
    [503, ''],
    [500, { 'transaction-id': 'event_1' }],
    [401, { code: 498 }],
  ])('is passed on under HTTP %d', (status, body) => {
    expect(classifyAttempt(answered(status, body, '7'), NOW)).toMatchObject({ retryAfterSeconds: 7 });
    expect(classifyAttempt(answered(status, body, 'soon'), NOW)).not.toHaveProperty('retryAfterSeconds');
  });

  test('counts from now where it is a date', () => {
    const later = 'Mon, 23 Nov 2026 12:00:09 GMT';

    expect(classifyAttempt(answered(429, '', later), NOW)).toMatchObject({ retryAfterSeconds: 9 });
  });
});

test('any answer at all has a verdict, is delivered only with proof, and quotes nothing of its body', () => {
  const anyBody = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(fc.constantFrom('code', 'description', 'transaction-id', 'x'), fc.jsonValue()),
  );

  fc.assert(
    fc.property(anyStatus, anyBody, (status, body) => {
      const verdict = classifyAttempt(answered(status, body), NOW);

      if (verdict.outcome === 'delivered') {
        expect(body).toMatchObject({ 'transaction-id': expect.any(String) });
      } else {
        expect(['retry-later', 'dead-letter', 'unconfirmed']).toContain(verdict.outcome);
        expect(verdict.answer?.code ?? 'unreadable').toMatch(/^(\d{1,6}|unreadable)$/);
        const { transactionId, ...rest } = { transactionId: undefined, ...verdict };
        const { cause, ...others } = { cause: undefined, ...rest };
        expect(Object.keys(others).sort()).toEqual(['answer', 'code', 'outcome']);
        if (cause !== undefined) expect(cause).toMatch(/^answer-(empty|html|no-json|json)$/);
        // An id beside a failure is kept: Webex Campaign can be asked what became of it.
        if (transactionId !== undefined) expect(verdict.outcome).toBe('unconfirmed');
      }
    }),
  );
});

function read(body: unknown, fields: readonly string[] = DEFAULT_ANSWER_RULES.successIdFields) {
  return readAnswer(typeof body === 'string' ? body : JSON.stringify(body), fields);
}

test.each([
  ['', 'answer-empty'],
  [' \n', 'answer-empty'],
  ['<html><body>502</body></html>', 'answer-html'],
  ['Bad gateway', 'answer-no-json'],
  ['{}', 'answer-json'],
])('an unclear answer %j says what it was', (body, cause) => {
  expect(classifyAttempt(answered(502, body), NOW)).toMatchObject({ outcome: 'unconfirmed', cause });
});

describe('the code of an answer', () => {
  test.each([
    [1001, '1001'],
    ['1001', '1001'],
    [' 430 ', '430'],
    [0, '0'],
    [999_999, '999999'],
  ])('%j is read as %j', (code, text) => {
    expect(read({ code })).toStrictEqual({ code: text });
  });

  test.each([null, '', '  '])('%j is none', (code) => {
    expect(read({ code })).toStrictEqual({});
  });

  test.each([{ a: 1 }, [1001], true, false, -1, 1.5, 'ann@example.com', '1000000', 'x1001', '1001x'])(
    '%j is there, and not quoted',
    (code) => {
      expect(read({ code })).toStrictEqual({ code: 'unreadable' });
    },
  );
});

describe('the success id of an answer', () => {
  test.each([
    ['event_12345676543210', 'event_12345676543210'],
    [' event_1 ', 'event_1'],
  ])('%j is read as %j', (id, text) => {
    expect(read({ 'transaction-id': id })).toStrictEqual({ transactionId: text });
  });

  test.each(['', '  ', 'null', ' NULL ', null, 0, 17, true, {}, ['event_1']])('%j is none', (id) => {
    expect(read({ 'transaction-id': id })).toStrictEqual({});
  });

  test('is in the first member that holds one, of those that are asked for', () => {
    const body = { 'transaction-id': '', transid: 't-1', transactionid: 't-2' };

    expect(read(body)).toStrictEqual({});
    expect(read(body, ['transaction-id', 'transactionid', 'transid'])).toStrictEqual({
      transactionId: 't-2',
    });
    expect(read({ 'transaction-id': 'event_1' }, ['transid'])).toStrictEqual({});
  });

  test('stands beside a code, for the reader to judge', () => {
    expect(read({ 'transaction-id': 'event_1', code: 1002 })).toStrictEqual({
      transactionId: 'event_1',
      code: '1002',
    });
  });
});

test.each(['', ' ', '<html>transaction-id</html>', '{"transaction-id":"ev', '[]', 'null', '"event_1"', '17'])(
  'a body such as %j says nothing',
  (body) => {
    expect(read(body)).toStrictEqual({});
  },
);

test('inherited members of a body say nothing', () => {
  expect(read({}, ['constructor', 'toString', '__proto__'])).toStrictEqual({});
});

const SENT = { eventKey: 'cus_77', params: { plan: 'Gold' }, key: 'the-key' };
const REFUSED: Verdict = {
  outcome: 'dead-letter',
  code: 'webex-mandatory-field-missing',
  answer: { status: 200, code: '1002' },
};

describe('the vendor’s words about a failure', () => {
  test('are kept beside its code, without what was sent', () => {
    const attempt = answered(200, { code: 1002, description: 'No plan Gold for cus_77 by the-key' });

    expect(quoteAnswer(REFUSED, attempt, SENT)).toEqual({
      ...REFUSED,
      answer: { status: 200, code: '1002', description: 'No plan ••• for ••• by •••' },
    });
  });

  test.each([
    ['there are no words', {}],
    ['they are not text', { description: 7 }],
    ['nothing of them can be seen', { description: ' \n ' }],
  ])('are not kept where %s', (_, members) => {
    expect(quoteAnswer(REFUSED, answered(200, { code: 1002, ...members }), SENT)).toEqual(REFUSED);
  });

  test('are not kept of a success', () => {
    const delivered: Verdict = { outcome: 'delivered', transactionId: 'event_1', answer: { status: 200 } };

    expect(quoteAnswer(delivered, answered(200, { description: 'Accepted' }), SENT)).toEqual(delivered);
  });

  test('are missing where nothing was answered', () => {
    const silent: Verdict = { outcome: 'unconfirmed', code: 'unconfirmed', cause: 'timeout' };

    expect(quoteAnswer(silent, { kind: 'no-answer', cause: 'timeout' }, SENT)).toEqual(silent);
    expect(quoteAnswer(silent, answered(200, { description: 'late' }), SENT)).toEqual(silent);
  });
});
