import { describe, expect, test } from '@jest/globals';
import { type Attempt, quoteAnswer, type Verdict } from '../../../../lambdas/deliver/event-api/verdict.ts';

const SENT = { eventKey: 'cus_77', params: { plan: 'Gold' }, key: 'the-key' };
const REFUSED: Verdict = {
  outcome: 'dead-letter',
  code: 'webex-mandatory-field-missing',
  answer: { status: 200, code: '1002' },
};

function answered(body: object): Attempt {
  return { kind: 'answered', status: 200, retryAfter: undefined, body: JSON.stringify(body) };
}

describe('what the vendor says of a failure in words', () => {
  test('is kept beside its code, without what was sent', () => {
    const attempt = answered({ code: 1002, description: 'No plan Gold for cus_77 by the-key' });

    expect(quoteAnswer(REFUSED, attempt, SENT)).toEqual({
      ...REFUSED,
      answer: { status: 200, code: '1002', description: 'No plan ••• for ••• by •••' },
    });
  });

  test.each([
    ['there are no words', {}],
    ['they are not text', { description: 7 }],
    ['nothing of them can be seen', { description: ' \n ' }],
  ])('is not kept where %s', (_, members) => {
    expect(quoteAnswer(REFUSED, answered({ code: 1002, ...members }), SENT)).toEqual(REFUSED);
  });

  test('is not kept of a success', () => {
    const delivered: Verdict = { outcome: 'delivered', transactionId: 'event_1', answer: { status: 200 } };

    expect(quoteAnswer(delivered, answered({ description: 'Accepted' }), SENT)).toEqual(delivered);
  });

  test('is not there where nothing was answered', () => {
    const silent: Verdict = { outcome: 'unconfirmed', code: 'unconfirmed', cause: 'timeout' };

    expect(quoteAnswer(silent, { kind: 'no-answer', cause: 'timeout' }, SENT)).toEqual(silent);
    expect(quoteAnswer(silent, answered({ description: 'late' }), SENT)).toEqual(silent);
  });
});
