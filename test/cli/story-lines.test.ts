import { describe, expect, test } from '@jest/globals';
import { storyLines } from '../../cli/story-lines.ts';
import type { LedgerEntry } from '../../lambdas/deliver/ledger-entry.ts';
import type { PastAttempt } from '../../lambdas/deliver/ledger-history.ts';

const NOON = new Date('2026-11-24T12:00:00.000Z');

/** What the story of one event tells beneath each of its calls; its mapping was mended to call `evt_new`. */
function tellCalls(...history: readonly Omit<PastAttempt, 'at'>[]): readonly (readonly string[])[] {
  const entry: LedgerEntry = {
    webhook: 'stripe#evt_1',
    event: 'paid',
    revision: 7,
    state: 'waiting',
    owner: 'worker',
    leaseUntil: NOON,
    attempts: history.length,
    webhookId: 'ours',
    receivedAt: NOON,
    mappingVersion: 'v2',
    eventId: 'evt_new',
    parameters: { note: 4 },
    expiresAt: NOON,
    history: history.map((attempt, index) => ({ at: new Date(NOON.getTime() + index), ...attempt })),
  };
  return storyLines({ webhook: entry.webhook, entries: [entry], receipts: [], actions: [] }).map(
    ({ more }) => more,
  );
}

describe('the story of a call', () => {
  test('names the event that was called then, and again only where it is another', () => {
    expect(
      tellCalls(
        { code: 'throttled', eventId: 'evt_old' },
        { code: 'throttled', eventId: 'evt_old' },
        { code: 'throttled', eventId: 'evt_new' },
        { code: 'delivered', eventId: 'evt_new' },
      ),
    ).toEqual([['event evt_old'], [], ['event evt_new'], ['event evt_new; parameters note (4 bytes)']]);
  });

  test('names none for earlier calls of an entry that was written before they were kept', () => {
    expect(tellCalls({ code: 'throttled' }, { code: 'delivered' })).toEqual([
      [],
      ['event evt_new; parameters note (4 bytes)'],
    ]);
  });

  test('says of the last call what was called by it, and no parameters of a mapping that has changed since', () => {
    expect(tellCalls({ code: 'throttled', eventId: 'evt_old' })).toEqual([['event evt_old']]);
  });
});
