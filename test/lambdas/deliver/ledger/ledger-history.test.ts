import { describe, expect, test } from '@jest/globals';
import type { LedgerEntry, Settlement } from '../../../../lambdas/deliver/ledger/entry.ts';
import { appendAttempt } from '../../../../lambdas/deliver/ledger/entry.ts';
import { NOW } from '../deliver-setup.ts';

const ENTRY: LedgerEntry = {
  webhook: 'stripe#evt_1',
  event: 'paid',
  webhookId: 'request-1',
  receivedAt: NOW,
  mappingVersion: '1',
  revision: 1,
  state: 'claimed',
  owner: 'worker-1',
  leaseUntil: NOW,
  attempts: 1,
  lastAttemptAt: NOW,
  expiresAt: NOW,
};
const WAITING: Settlement = { state: 'waiting', code: 'webex-throttled' };

describe('the history of an event', () => {
  test('keeps a success with its status, and no code of the body where there was none', () => {
    const delivered: Settlement = { state: 'delivered', transactionId: 'event_1', answer: { status: 201 } };

    expect(appendAttempt(ENTRY, delivered).history).toEqual([{ at: NOW, code: 'delivered', status: 201 }]);
  });

  test('keeps a failure with its own code and that of the answer', () => {
    const failed: Settlement = { ...WAITING, answer: { status: 200, code: '429' } };

    expect(appendAttempt(ENTRY, failed).history).toEqual([
      { at: NOW, code: 'webex-throttled', status: 200, answerCode: '429' },
    ]);
  });

  test('keeps a call that nobody answered without a status', () => {
    expect(appendAttempt(ENTRY, WAITING).history).toStrictEqual([{ at: NOW, code: 'webex-throttled' }]);
  });

  test('has nothing of a call that was not made after all', () => {
    expect(appendAttempt(ENTRY, { ...WAITING, isUncalled: true })).toBe(ENTRY);
  });

  test('has nothing of an entry that was never called', () => {
    const { lastAttemptAt: _, ...uncalled } = ENTRY;

    expect(appendAttempt(uncalled, WAITING)).toBe(uncalled);
  });

  test('is of the latest twelve calls, oldest first', () => {
    const codes = Array.from({ length: 14 }, (_, index) => `code-${index}`);
    const last = codes.reduce((entry, code) => appendAttempt(entry, { ...WAITING, code }), ENTRY);

    expect(last.history?.map(({ code }) => code)).toEqual(codes.slice(2));
  });
});
