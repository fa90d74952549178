import { describe, expect, test } from '@jest/globals';
import type { MappedTypes } from '../../answers/calls.ts';
import { storyEnd, storyLines } from '../../answers/story.ts';
import type { IntakeRecord, LedgerEntry, PastAttempt } from '../../lambdas/deliver/ledger/entry.ts';

const NOON = new Date('2026-11-24T12:00:00.000Z');

/** The lines below each call in the story of one event, whose mapping now calls `evt_new`. */
function linesBelowCalls(...history: readonly Omit<PastAttempt, 'at'>[]): readonly (readonly string[])[] {
  return linesBelowCallsOf([], ...history);
}

function linesBelowCallsOf(
  mapping: MappedTypes,
  ...history: readonly Omit<PastAttempt, 'at'>[]
): readonly (readonly string[])[] {
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
  const story = { webhook: entry.webhook, entries: [entry], intakeRecords: [], actions: [] };
  return storyLines(story, mapping).map(({ more }) => more);
}

describe('the story of a call', () => {
  test('names the event that was called then, and again only if it differs', () => {
    expect(
      linesBelowCalls(
        { code: 'throttled', eventId: 'evt_old' },
        { code: 'throttled', eventId: 'evt_old' },
        { code: 'throttled', eventId: 'evt_new' },
        { code: 'delivered', eventId: 'evt_new' },
      ),
    ).toEqual([['event evt_old'], [], ['event evt_new'], ['event evt_new; parameters note (4 bytes)']]);
  });

  test('names the definition that the mapping names, with what its parameters are like', () => {
    const definition = {
      name: 'order-paid',
      ids: ['evt_new', 'evt_prod'],
      examples: { note: 'thanks', total: '5' },
    };
    const mapping = [{ name: 'paid', on: ['paid'], definition }];

    expect(
      linesBelowCallsOf(
        mapping,
        { code: 'throttled', eventId: 'evt_old' },
        { code: 'delivered', eventId: 'evt_new' },
      ),
    ).toEqual([['event evt_old'], ['event order-paid (evt_new); parameters note (4 bytes, as in "thanks")']]);
  });

  test('names no event for earlier calls in entries of old versions', () => {
    expect(linesBelowCalls({ code: 'throttled' }, { code: 'delivered' })).toEqual([
      [],
      ['event evt_new; parameters note (4 bytes)'],
    ]);
  });

  test('names the event of the last call, without parameters if the mapping has changed since', () => {
    expect(linesBelowCalls({ code: 'throttled', eventId: 'evt_old' })).toEqual([['event evt_old']]);
  });
});

describe('the story of a webhook that matched some events by its type', () => {
  const intakeRecord: IntakeRecord = {
    webhookId: 'ours',
    receivedAt: NOON,
    takenAt: NOON,
    eventTypes: ['invoice.paid'],
    bytes: 24,
    matched: [{ event: 'paid', made: 1, rejected: 0 }],
    others: 2,
  };
  const paid = { name: 'paid', on: ['invoice.*'] };
  const voided = { name: 'voided', on: ['invoice.voided', 'invoice.deleted'] };
  const left = { name: 'left', on: ['customer.deleted'] };
  const othersOf = (others: number, mapping: MappedTypes) =>
    storyLines(
      { webhook: 'stripe#evt_1', entries: [], intakeRecords: [{ ...intakeRecord, others }], actions: [] },
      mapping,
    )[1]?.more.slice(1);

  test('names the other events and their types by the mapping as it is now', () => {
    expect(othersOf(2, [paid, voided, left])).toEqual([
      'the others are on other types: voided (invoice.voided, invoice.deleted), left (customer.deleted)',
    ]);
    expect(othersOf(0, [paid])).toEqual([]);
  });

  test('names twelve of many', () => {
    const many = Array.from({ length: 15 }, (_, index) => ({ name: `e${index}`, on: [`t${index}`] }));

    expect(othersOf(15, [paid, ...many])?.[0]).toMatch(/e11 \(t11\), and 3 more$/);
  });

  test('says so if the mapping has other events now, or is gone', () => {
    expect(othersOf(2, [paid, left])).toEqual([
      '2 other events were on other types; the mapping has changed since, and has now: left (customer.deleted)',
    ]);
    expect(othersOf(1, [])).toEqual(['1 other event was on other types; the mapping has changed since']);
  });
});

describe('the end of a story', () => {
  const entry: LedgerEntry = {
    webhook: 'stripe#evt_1',
    event: 'paid',
    revision: 3,
    state: 'expired',
    code: 'too-old',
    owner: 'worker',
    leaseUntil: NOON,
    attempts: 2,
    webhookId: 'ours',
    receivedAt: NOON,
    mappingVersion: 'v2',
    expiresAt: NOON,
  };
  const endOf = (changes: Partial<LedgerEntry>) =>
    storyEnd({
      story: { webhook: 'stripe#evt_1', entries: [{ ...entry, ...changes }], intakeRecords: [], actions: [] },
      deadLetters: [],
    });

  test('of an expired event says that it was not sent', () => {
    expect(endOf({})[0]).toBe('paid: NOT SENT. It was older than its max-age when its turn came.');
  });

  test('of one that may have been accepted before it expired says that this is not known', () => {
    const end = endOf({ isUnsure: true });

    expect(end[0]).toBe('paid: NOT KNOWN whether it was sent (too-old).');
    expect(end.join(' ')).not.toMatch(/need do nothing/);
  });

  test('of one that became too old while it was unclear leaves it to a person', () => {
    const end = endOf({ state: 'unconfirmed', isUnsure: true, deadLetteredAt: NOON });

    expect(end[0]).toBe('paid: NOT KNOWN whether it was sent (too-old).');
    expect(end[1]).toBe('  Why: no whole answer came, though the call was made.');
    expect(end[2]).toMatch(/may or may not have got a message/);
  });
});
