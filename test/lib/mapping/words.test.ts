import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileValue } from '../../../lambdas/map/expression.ts';
import { explainCondition } from '../../../lib/mapping/words.ts';

const BODY = {
  amount_total: 3000,
  payment_status: 'unpaid',
  limit: 5000,
  paid: false,
  note: null,
  lines: Array.from({ length: 40 }, () => 'line'),
};

const DEFINITIONS = { isPaid: "{% payment_status = 'paid' %}" };

const circumstances = (body: unknown = BODY) => ({
  scope: { body, headers: {}, source: 'shop', receivedAt: '2026-01-01T00:00:00.000Z' },
  definitions: DEFINITIONS,
});

async function explain(source: string, body: unknown = BODY): Promise<string | undefined> {
  const when = `{% ${source} %}`;
  const met = await compileValue(when, DEFINITIONS)(circumstances(body).scope);
  return explainCondition(when, met.ok && met.value === true, circumstances(body));
}

describe('explainCondition', () => {
  test.each([
    ['amount_total > 5000', 'the amount total is 3000, not above 5000'],
    ['amount_total < 5000', 'the amount total is 3000, below 5000'],
    ['amount_total >= limit', 'the amount total is 3000, not at least the limit (5000)'],
    ['5000 < amount_total', '5000 is not below the amount total (3000)'],
    ["payment_status = 'paid'", 'the payment status is "unpaid", not "paid"'],
    ["payment_status = 'unpaid'", 'the payment status is "unpaid"'],
    ["payment_status != 'unpaid'", 'the payment status is "unpaid"'],
    ["payment_status != 'paid'", 'the payment status is "unpaid", not "paid"'],
    ["payment_status in ['paid', 'free']", 'the payment status is "unpaid", not one of "paid", "free"'],
    ['tax > 5', 'the tax is not there'],
    ["note = 'x'", 'the note is null, not "x"'],
    ['paid', 'the paid is false'],
    ['$isPaid', 'the payment status is "unpaid", not "paid"'],
    ['$exists(tax)', 'the tax is not there (null counts as there)'],
    ['$exists(note)', 'the note is there (null counts as there)'],
    ["lines[0] = 'x'", 'the first of the lines is "line", not "x"'],
    ["$string(lines) = ''", /^the lines is ".{1,80}…, not ""$/],
    ["$not(lines[0] = 'line')", 'the first of the lines is "line"'],
  ])('%s', async (source, expected) => {
    expect(await explain(source)).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    );
  });

  test('names of several conditions those that decide', async () => {
    const [low, unpaid] = [
      'the amount total is 3000, not above 5000',
      'the payment status is "unpaid", not "paid"',
    ];

    expect(await explain("amount_total > 0 and payment_status = 'paid'")).toBe(unpaid);
    expect(await explain("(amount_total > 5000 or paid) and payment_status = 'unpaid'")).toBe(
      `${low}; the paid is false`,
    );
    expect(await explain("amount_total > 5000 or payment_status = 'unpaid'")).toBe(
      'the payment status is "unpaid"',
    );
    expect(await explain('amount_total > 5000 and $isPaid')).toBe(`${low}; ${unpaid}`);
  });

  test('leaves out what fails, and says nothing where nothing can be told', async () => {
    expect(await explain('payment_status > 5 and amount_total > 5000')).toBe(
      'the amount total is 3000, not above 5000',
    );
    expect(await explain('payment_status > 5 or payment_status > 6')).toBeUndefined();
  });

  test('says of any number on which side of the limit it is', async () => {
    const operators = { '>': 'above', '<': 'below', '>=': 'at least', '<=': 'at most' } as const;
    const operator = fc.constantFrom(...(Object.keys(operators) as (keyof typeof operators)[]));
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.nat(), operator, async (amount, limit, sign) => {
        const isMet = {
          '>': amount > limit,
          '<': amount < limit,
          '>=': amount >= limit,
          '<=': amount <= limit,
        }[sign];
        const words = `the amount is ${amount}, ${isMet ? '' : 'not '}${operators[sign]} ${limit === 0 ? 'zero' : limit}`;

        expect(await explain(`amount ${sign} ${limit}`, { amount })).toBe(words);
      }),
      { numRuns: 50 },
    );
  });
});
