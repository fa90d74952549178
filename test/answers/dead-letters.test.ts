import { describe, expect, test } from '@jest/globals';
import {
  type DeadLetter,
  filterDeadLetters,
  findDeadLetters,
  parseDeadLetters,
} from '../../answers/dead-letters/dead-letter.ts';
import { judgeEvent, type ReplayPermission, replaysOf } from '../../answers/dead-letters/judgement.ts';
import { eventsIn } from '../../answers/dead-letters/letter-events.ts';
import { noteAttributes } from '../../lambdas/dead-letter/note.ts';
import type { LedgerEntry } from '../../lambdas/deliver/ledger/entry.ts';

const NOW = new Date('2026-11-24T12:00:00.000Z');

/** What a replay permits, and at which revision of its one event. */
type ExpectedReplay = ReplayPermission & { readonly revision?: number };

/** A message that became a dead letter some minutes ago. */
function message(messageId: string, code: 'unconfirmed' | 'no-mapping', minutes: number, source = 'stripe') {
  const deadLetteredAt = new Date(NOW.getTime() - minutes * 60_000).toISOString();
  const note = {
    failures: [{ stage: 'deliver', code, event: 'paid', attempts: 1 } as const],
    deadLetteredAt,
  };
  const attributes = { source, 'deduplication-id': `evt_${messageId}`, ...noteAttributes(note) };
  return { messageId, body: '{}', attributes, sentAt: NOW };
}

const DEAD_LETTERS = parseDeadLetters([
  message('aaaaaaaa-1', 'unconfirmed', 10),
  message('aaaaaaaa-2', 'no-mapping', 90, 'shopify'),
  message('bbbbbbbb-3', 'no-mapping', 30),
  { messageId: 'cccccccc-4', body: '', attributes: { note: '{"version":4}' }, sentAt: NOW },
]);

const ids = (deadLetters: typeof DEAD_LETTERS) => deadLetters.map(({ id }) => id);

describe('dead letters', () => {
  test('have ids that are as short as can be told apart, oldest first', () => {
    expect(ids(DEAD_LETTERS)).toEqual(['aaaaaaaa-2', 'bbbbbbbb', 'aaaaaaaa-1', 'cccccccc']);
    expect(DEAD_LETTERS.at(-1)).toMatchObject({ code: 'note-unreadable' });
  });

  test.each([
    [{ source: 'stripe' }, ['bbbbbbbb', 'aaaaaaaa-1']],
    [{ code: 'no-mapping' }, ['aaaaaaaa-2', 'bbbbbbbb']],
    [{ code: 'no-mapping', source: 'stripe' }, ['bbbbbbbb']],
    [{ event: 'paid', newerThan: 1_200 }, ['aaaaaaaa-1']],
    [{ olderThan: 1_800 }, ['aaaaaaaa-2', 'bbbbbbbb']],
    [{ event: 'unpaid' }, []],
  ])('are narrowed by %j', (filters, expected) => {
    expect(ids(filterDeadLetters(DEAD_LETTERS, filters, NOW))).toEqual(expected);
  });

  test('are found by the beginning of an id if it fits one alone', () => {
    const found = findDeadLetters(DEAD_LETTERS, ['bbbb', 'bbbbbbbb-3']);

    expect(found.ok && ids(found.value)).toEqual(['bbbbbbbb']);
    expect(findDeadLetters(DEAD_LETTERS, ['aaaa'])).toMatchObject({
      failure: expect.stringContaining('2 dead letters'),
    });
    expect(findDeadLetters(DEAD_LETTERS, ['x'])).toMatchObject({
      failure: expect.stringContaining('no dead letter x'),
    });
  });
});

describe('a replay is permitted', () => {
  const parked = DEAD_LETTERS.find(({ code }) => code === 'unconfirmed');
  const failed = DEAD_LETTERS.find(({ id }) => id === 'bbbbbbbb');
  if (parked === undefined || failed === undefined) throw new Error('There are no dead letters.');
  const entry = (state: LedgerEntry['state'], changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
    webhook: 'stripe#evt_1',
    event: 'paid',
    revision: 7,
    state,
    owner: 'worker',
    leaseUntil: new Date(NOW.getTime() - 1),
    attempts: 1,
    webhookId: 'ours',
    receivedAt: NOW,
    mappingVersion: 'v1',
    deadLetteredAt: NOW,
    expiresAt: NOW,
    ...changes,
  });
  const { deadLetteredAt: _, ...working } = entry('waiting', { leaseUntil: new Date(NOW.getTime() + 1) });

  /** The judgement on a dead letter of one event. */
  const judge = (one: DeadLetter, found: LedgerEntry | undefined, permission: ReplayPermission) => {
    const [event] = eventsIn(one.failures);
    if (event === undefined) throw new Error('There is no event.');
    return judgeEvent(one, { event, entry: found, mapped: 'unknown' }, { now: NOW, permission });
  };

  test.each([
    ['for what failed, at the revision that was seen', failed, entry('failed'), {}, { revision: 7 }],
    ['for what the ledger has forgotten', failed, undefined, {}, {}],
    [
      'for what is parked, with --unconfirmed',
      parked,
      entry('unconfirmed'),
      { unconfirmed: true },
      { revision: 7, unconfirmed: true },
    ],
    ['for what is late, with --late', failed, entry('failed'), { late: true }, { revision: 7, late: true }],
  ])('%s', (_title, one, found, permission, expected: ExpectedReplay) => {
    const { revision, ...permitted } = expected;
    const judged = judge(one, found, permission);

    expect(judged.stays).toBeUndefined();
    expect(replaysOf([judged], permission)).toEqual([
      { events: [{ event: 'paid', ...(revision !== undefined && { revision }) }], ...permitted },
    ]);
  });

  test.each([
    ['for what is parked', parked, entry('unconfirmed'), 'may have been accepted'],
    ['for what is parked and forgotten', parked, undefined, 'may have been accepted'],
    // Its budget ran out after an attempt that may have been accepted; the note does not say so.
    ['for what only the ledger knows to be unsure', failed, entry('unconfirmed'), 'may have been accepted'],
    ['for what a worker is at', failed, working, 'a worker is at it'],
  ])('only with --unconfirmed, or later, %s', (_title, one, found, reason) => {
    expect(judge(one, found, {}).stays).toContain(reason);
  });
});
