import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchesEventType } from '../../lambdas/webhook-body.ts';

describe('an event type pattern', () => {
  test.each([
    ['invoice.paid', 'invoice.paid', true],
    ['invoice.paid', 'invoice.paid_out', false],
    ['invoice.*', 'invoice.paid', true],
    ['invoice.*', 'invoice.', true],
    ['invoice.*', 'invoices.paid', false],
    ['*.deleted', 'customer.subscription.deleted', true],
    ['customer.*.deleted', 'customer.subscription.deleted', true],
    ['customer.*.deleted', 'customer.deleted', false],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*b*c', 'a.b.b.c', true],
    ['a*bb*c', 'a.b.c', false],
    ['*ab*ab*', 'ab', false],
  ])('%j on %j: %j', (pattern, eventType, isMatch) => {
    expect(matchesEventType(pattern, eventType)).toBe(isMatch);
  });

  test('matches what the regular expression of the same meaning matches', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 10 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (written, eventType) => {
        const expression = written.replaceAll('.', '\\.').replaceAll('*', '.*');

        expect(matchesEventType(written, eventType)).toBe(new RegExp(`^${expression}$`).test(eventType));
      }),
      { numRuns: 5_000 },
    );
  });

  test('takes no more time for a pattern that would be hard for a regular expression', () => {
    const startedAt = performance.now();

    expect(matchesEventType('*a'.repeat(60), `${'a'.repeat(59)}${'b'.repeat(20_000)}`)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});
