import { describe, expect, test } from '@jest/globals';
import { withoutCustomer } from '../../answers/erase.ts';
import type { LedgerEntry, LedgerState } from '../../lambdas/deliver/ledger/entry.ts';

const NOON = new Date('2026-12-01T12:00:00.000Z');

function entry(state: LedgerState, more: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    ...{ webhook: 'stripe#evt_1', event: 'paid', revision: 3, state, owner: 'o', attempts: 1 },
    ...{ leaseUntil: NOON, webhookId: 'ours', receivedAt: NOON, mappingVersion: 'v', expiresAt: NOON },
    ...{ eventKeyHash: 'her hash', parameters: { name: 3 }, transactionId: 'event_1' },
    ...more,
  };
}

describe('an event of which the customer is erased', () => {
  test.each<LedgerState>(['claimed', 'waiting', 'delivered', 'failed', 'unconfirmed', 'expired'])(
    'says nothing of her, whatever became of it: %s',
    (state) => {
      const left = JSON.stringify(withoutCustomer(entry(state)));

      expect(left).not.toMatch(/her hash|name|event_1/);
      expect(left).toContain('stripe#evt_1');
    },
  );

  test.each<[LedgerState, Partial<LedgerEntry>, LedgerState]>([
    ['waiting', {}, 'expired'],
    ['claimed', {}, 'expired'],
    // Its mapping would repeat the one, and the other would be dead-lettered with her webhook.
    ['unconfirmed', {}, 'expired'],
    ['failed', {}, 'expired'],
    ['unconfirmed', { deadLetteredAt: NOON }, 'unconfirmed'],
    ['failed', { deadLetteredAt: NOON }, 'failed'],
    ['delivered', {}, 'delivered'],
  ])('is not called or dead-lettered any more: %s %j ends as %s', (state, more, end) => {
    expect(withoutCustomer(entry(state, more))).toMatchObject({ state: end, revision: 4 });
  });
});
