import { describe, expect, test } from '@jest/globals';
import type { Replay } from '../../../../lambdas/buffer/replay.ts';
import { type Claimant, decideClaim } from '../../../../lambdas/deliver/ledger/decision.ts';
import type { IntakeRecord } from '../../../../lambdas/deliver/ledger/entry.ts';
import {
  LEDGER_DAYS,
  type LedgerEntry,
  type LedgerState,
  markDeadLettered,
  settleEntry,
} from '../../../../lambdas/deliver/ledger/entry.ts';

const NOW = new Date('2026-11-24T12:00:00.000Z');
const LATER = new Date(NOW.getTime() + 1);
const EARLIER = new Date(NOW.getTime() - 60_000);
const EXPIRY = new Date(NOW.getTime() + LEDGER_DAYS * 86_400_000);

const CLAIMANT: Claimant = {
  key: { webhook: 'stripe#evt_1', event: 'paid' },
  facts: { webhookId: 'delivery-2', receivedAt: NOW, mappingVersion: 'v2', eventKeyHash: 'a1' },
  owner: 'worker-2',
  leaseMilliseconds: 35_000,
  permission: { repeatsUnconfirmed: false },
};

function entry(state: LedgerState, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    webhook: 'stripe#evt_1',
    event: 'paid',
    revision: 4,
    state,
    owner: 'worker-1',
    leaseUntil: NOW,
    attempts: 2,
    firstAttemptAt: EARLIER,
    lastAttemptAt: EARLIER,
    webhookId: 'delivery-1',
    receivedAt: EARLIER,
    mappingVersion: 'v1',
    expiresAt: NOW,
    ...changes,
  };
}

const INTAKE_RECORD: IntakeRecord = {
  webhookId: 'delivery-2',
  receivedAt: NOW,
  takenAt: NOW,
  eventTypes: ['invoice.paid'],
  bytes: 24,
  matched: [{ event: 'paid', made: 1, rejected: 0 }],
  others: 9,
};

const PARKED = { deadLetteredAt: EARLIER };
const RETRY = { repeatsUnconfirmed: true };
const PARK = { repeatsUnconfirmed: false };
const replay = (leave: Pick<Replay, 'unconfirmed' | 'late'> = {}) => ({
  ...PARK,
  replay: { revision: entry('failed').revision, ...leave },
});

describe('a worker', () => {
  test.each<[string, LedgerEntry, Claimant['permission'], string]>([
    ['what waits and is due', entry('waiting'), PARK, 'take'],
    ['what waits and is not due', entry('waiting', { leaseUntil: LATER }), PARK, 'busy'],
    ['what another has claimed', entry('claimed', { leaseUntil: LATER }), RETRY, 'busy'],
    ['a claim that was left behind, under park', entry('claimed'), PARK, 'dead-letter'],
    ['a claim that was left behind, under retry', entry('claimed'), RETRY, 'take'],
    ['what was delivered', entry('delivered'), RETRY, 'duplicate'],
    ['what was delivered just now', entry('delivered', { leaseUntil: LATER }), PARK, 'duplicate'],
    ['what has failed, and has its dead letter', entry('failed', PARKED), RETRY, 'duplicate'],
    ['what has failed, and has no dead letter yet', entry('failed'), RETRY, 'dead-letter'],
    ['what has failed, and is being dead-lettered', entry('failed', { leaseUntil: LATER }), RETRY, 'busy'],
    ['what is unconfirmed, under park', entry('unconfirmed'), PARK, 'dead-letter'],
    ['what is unconfirmed and parked', entry('unconfirmed', PARKED), PARK, 'duplicate'],
    ['what is unconfirmed, under retry', entry('unconfirmed'), RETRY, 'take'],
    [
      'what is unconfirmed but not due, under retry',
      entry('unconfirmed', { leaseUntil: LATER }),
      RETRY,
      'busy',
    ],
    ['what was parked, though its mapping says retry now', entry('unconfirmed', PARKED), RETRY, 'duplicate'],
    ['what has expired', entry('expired'), RETRY, 'duplicate'],
    ['what has failed, to replay it', entry('failed', PARKED), replay(), 'take'],
    [
      'what has failed once more since the person saw it, to replay it',
      entry('failed', { ...PARKED, revision: 5 }),
      replay(),
      'duplicate',
    ],
    ['what is parked, to replay what has failed', entry('unconfirmed', PARKED), replay(), 'unsent'],
    ['what is parked, to replay it', entry('unconfirmed', PARKED), replay({ unconfirmed: true }), 'take'],
    ['what has expired, to replay it', entry('expired'), replay({ late: true }), 'take'],
    ['what was delivered, to replay it', entry('delivered'), replay({ unconfirmed: true }), 'duplicate'],
    [
      'what is being called, to replay it',
      entry('claimed', { leaseUntil: LATER }),
      replay({ unconfirmed: true }),
      'busy',
    ],
  ])('that finds %s', (_, found, permission, kind) => {
    expect(decideClaim(found, { ...CLAIMANT, permission }, NOW).kind).toBe(kind);
  });

  test('that finds nothing claims the event for the first attempt', () => {
    expect(decideClaim(undefined, CLAIMANT, NOW)).toEqual({
      kind: 'take',
      entry: {
        ...CLAIMANT.key,
        ...CLAIMANT.facts,
        owner: 'worker-2',
        revision: 1,
        state: 'claimed',
        leaseUntil: new Date(NOW.getTime() + 35_000),
        attempts: 1,
        firstAttemptAt: NOW,
        lastAttemptAt: NOW,
        expiresAt: EXPIRY,
      },
    });
  });

  test('that claims what waits counts one attempt more, and forgets what the last one met', () => {
    const found = entry('waiting', { code: 'webex-throttled', answer: { status: 429 } });
    const decision = decideClaim(found, CLAIMANT, NOW);

    expect('entry' in decision && decision.entry).toEqual({
      ...CLAIMANT.key,
      ...CLAIMANT.facts,
      owner: 'worker-2',
      revision: 5,
      state: 'claimed',
      leaseUntil: new Date(NOW.getTime() + 35_000),
      attempts: 3,
      firstAttemptAt: EARLIER,
      lastAttemptAt: NOW,
      expiresAt: EXPIRY,
    });
  });

  test('that dead-letters a claim that was left behind makes it unconfirmed, and its own', () => {
    expect(decideClaim(entry('claimed'), CLAIMANT, NOW)).toMatchObject({
      entry: {
        state: 'unconfirmed',
        code: 'unconfirmed',
        detail: 'worker-lost',
        owner: 'worker-2',
        revision: 5,
        attempts: 2,
        webhookId: 'delivery-1',
      },
    });
  });

  test.each([
    [undefined, { state: 'failed', code: 'value-null', attempts: 0, revision: 1 }],
    [entry('waiting'), { state: 'failed', code: 'value-null', attempts: 2, firstAttemptAt: EARLIER }],
    [entry('waiting', { isUnsure: true }), { state: 'unconfirmed', code: 'value-null', isUnsure: true }],
  ])(
    'that ends an event without a call counts none, and never calls failed what may have been accepted',
    (found, written) => {
      const ended = { state: 'failed', stage: 'map', code: 'value-null' } as const;

      expect(decideClaim(found, CLAIMANT, NOW, ended)).toMatchObject({ kind: 'take', entry: written });
    },
  );
});

describe('the ledger after a call', () => {
  const claimed = entry('claimed', { leaseUntil: LATER, code: 'webex-throttled' });

  test('has the transaction id of what was delivered', () => {
    const settled = { state: 'delivered', transactionId: 'event_1', answer: { status: 200 } } as const;
    const { code: _, ...rest } = claimed;

    expect(settleEntry(claimed, settled, NOW)).toEqual({
      ...rest,
      ...settled,
      revision: 5,
      expiresAt: EXPIRY,
    });
  });

  test('has when an event is due again', () => {
    const settlement = { state: 'waiting', code: 'webex-throttled', tryAgainAt: LATER } as const;

    expect(settleEntry(claimed, settlement, NOW)).toMatchObject({ state: 'waiting', leaseUntil: LATER });
  });

  test('counts no attempt for a call that was not made after all', () => {
    const settlement = { state: 'waiting', code: 'not-begun', tryAgainAt: NOW, isUncalled: true } as const;

    expect(settleEntry(claimed, settlement, NOW)).toMatchObject({ attempts: 1, leaseUntil: NOW });
    expect(settleEntry(claimed, settlement, NOW)).not.toHaveProperty('isUncalled');
  });

  test.each(['waiting', 'failed', 'unconfirmed'] as const)(
    'has as unconfirmed what was answered as %s, if an earlier attempt may have been accepted',
    (state) => {
      const unsure = entry('claimed', { isUnsure: true });

      expect(settleEntry(unsure, { state, code: 'webex-refused' }, NOW).state).toBe('unconfirmed');
    },
  );

  test('has the time at which the dead letter was written, and its lease is over', () => {
    expect(markDeadLettered(entry('failed', { leaseUntil: LATER }), NOW)).toEqual(
      entry('failed', { revision: 5, leaseUntil: NOW, deadLetteredAt: NOW, expiresAt: EXPIRY }),
    );
  });
});

describe('the intake record of a delivery', () => {
  const claimant = { ...CLAIMANT, intakeRecord: INTAKE_RECORD };
  const decide = (found?: LedgerEntry, ended?: { state: 'failed'; code: string }) =>
    decideClaim(found, claimant, NOW, ended);

  test('goes into an entry that is the first of its event, claimed or ended', () => {
    expect(decide()).toMatchObject({ kind: 'take', entry: { revision: 1, intakeRecord: INTAKE_RECORD } });
    expect(decide(undefined, { state: 'failed', code: 'no-key' })).toMatchObject({
      entry: { revision: 1, state: 'failed', intakeRecord: INTAKE_RECORD },
    });
  });

  test('goes into no later entry: that keeps the intake record that it has, or none', () => {
    const first = { ...INTAKE_RECORD, webhookId: 'delivery-1' };

    for (const intakeRecord of [{ intakeRecord: first }, {}]) {
      const taken = decide(entry('waiting', intakeRecord));
      const ended = decide(entry('waiting', intakeRecord), { state: 'failed', code: 'no-key' });
      const deadLettered = decide(entry('claimed', intakeRecord));
      expect([taken, ended, deadLettered]).toMatchObject([
        { kind: 'take' },
        { kind: 'take' },
        { kind: 'dead-letter' },
      ]);
      for (const { entry: next } of [taken, ended, deadLettered] as { entry: LedgerEntry }[]) {
        expect(next.intakeRecord).toBe(intakeRecord.intakeRecord);
      }
    }
  });

  test('outlives what is written after a call', () => {
    const claimed = entry('claimed', { intakeRecord: INTAKE_RECORD });
    const settled = settleEntry(claimed, { state: 'failed', stage: 'deliver', code: 'refused' }, NOW);

    expect(settled.intakeRecord).toBe(INTAKE_RECORD);
    expect(markDeadLettered(settled, NOW).intakeRecord).toBe(INTAKE_RECORD);
  });
});
