import { describe, expect, test } from '@jest/globals';
import { readCustomer } from '../../answers/customer.ts';

describe("a customer's key", () => {
  test.each([
    ['Ann@Example.com', undefined, 'email', ['ann@example.com', 'Ann@Example.com']],
    ['Ann <ann@example.com>', undefined, 'email', ['ann@example.com', 'Ann <ann@example.com>']],
    ['+49 170 1234567', undefined, 'msisdn', ['+491701234567', '491701234567', '+49 170 1234567']],
    ['cus_1', 'customer-id', 'customer-id', ['cus_1']],
    [' d-1 ', 'device', 'device', ['d-1']],
  ] as const)(
    '%s is looked for in every form that a mapping may give it',
    async (key, kind, found, eventKeys) => {
      expect(await readCustomer({ key, kind }, [])).toEqual({ ok: true, value: { kind: found, eventKeys } });
    },
  );

  test.each([
    ['cus_1', undefined, /Give --kind: email, msisdn, customer-id, device/],
    ['0170 1234567', 'msisdn', /with its country code/],
    ['ann at example.com', 'email', /no e-mail address/],
  ] as const)('%s cannot be read, and the sentence says why', async (key, kind, failure) => {
    expect(await readCustomer({ key, kind }, [])).toEqual({
      ok: false,
      failure: expect.stringMatching(failure),
    });
  });
});
