import { describe, expect, test } from '@jest/globals';
import type { Replay } from '../../../../lambdas/buffer/replay.ts';
import {
  type Claimant,
  claimEvent,
  decideClaim,
  moveEntry,
  takeVanished,
  writeSettled,
} from '../../../../lambdas/deliver/ledger/decision.ts';
import {
  type IntakeRecord,
  LEDGER_DAYS,
  type LedgerEntry,
  type LedgerState,
  type LedgerStore,
  markDeadLettered,
  settleEntry,
} from '../../../../lambdas/deliver/ledger/entry.ts';
import { fail, succeed } from '../../../../lambdas/result.ts';

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
    ['what has expired, to replay what has failed', entry('expired'), replay(), 'unsent'],
    [
      'what has expired since the person saw it',
      entry('expired', { revision: 5 }),
      replay({ late: true }),
      'unsent',
    ],
    [
      'what has expired though it may have been accepted, to replay what is late',
      entry('expired', { isUnsure: true }),
      replay({ late: true }),
      'unsent',
    ],
    [
      'what has expired though it may have been accepted, to replay it',
      entry('expired', { isUnsure: true }),
      replay({ late: true, unconfirmed: true }),
      'take',
    ],
    ['what was delivered, to replay it', entry('delivered'), replay({ unconfirmed: true }), 'duplicate'],
    [
      'what is being called, to replay it',
      entry('claimed', { leaseUntil: LATER }),
      replay({ unconfirmed: true }),
      'busy',
    ],
    [
      'what its replay was refused for now, to replay it',
      entry('unconfirmed', { revision: 6, code: 'webex-throttled' }),
      replay({ unconfirmed: true }),
      'take',
    ],
    [
      'what its replay was refused for now, without the word for what is unconfirmed',
      entry('unconfirmed', { revision: 6, code: 'webex-throttled' }),
      replay(),
      'dead-letter',
    ],
    [
      'what its replay was refused for and that has its dead letter',
      entry('unconfirmed', { ...PARKED, revision: 6, code: 'webex-throttled' }),
      replay({ unconfirmed: true }),
      'duplicate',
    ],
    [
      'what is unconfirmed once more',
      entry('unconfirmed', { revision: 6, code: 'unconfirmed' }),
      replay({ unconfirmed: true }),
      'dead-letter',
    ],
    [
      'what its replay has claimed and left behind',
      entry('claimed', { revision: 6 }),
      replay({ unconfirmed: true }),
      'dead-letter',
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
        stage: 'deliver',
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
    [
      entry('waiting'),
      {
        state: 'failed',
        code: 'value-null',
        attempts: 2,
        firstAttemptAt: EARLIER,
        lastAttemptAt: EARLIER,
        leaseUntil: new Date(NOW.getTime() + 35_000),
      },
    ],
    [entry('waiting', { isUnsure: true }), { state: 'unconfirmed', code: 'value-null', isUnsure: true }],
  ])(
    'that ends an event without a call counts none, and never calls failed what may have been accepted',
    (found, written) => {
      const ended = { state: 'failed', stage: 'map', code: 'value-null' } as const;

      expect(decideClaim(found, CLAIMANT, NOW, ended)).toMatchObject({ kind: 'take', entry: written });
    },
  );
});

test('a worker that repeats a claim that was left behind knows that it may have been accepted', () => {
  const claimant = { ...CLAIMANT, permission: RETRY };

  expect(decideClaim(entry('claimed'), claimant, NOW)).toMatchObject({ entry: { isUnsure: true } });
  expect(decideClaim(entry('waiting'), claimant, NOW)).not.toHaveProperty('entry.isUnsure');
});

describe('an event that the mapping no longer has', () => {
  const take = (found: LedgerEntry) => takeVanished(found, CLAIMANT, NOW);

  test('fails for that, with what its last attempt met', () => {
    expect(take(entry('waiting', { code: 'webex-throttled', leaseUntil: LATER }))).toMatchObject({
      state: 'failed',
      stage: 'map',
      code: 'no-mapping',
      detail: 'webex-throttled',
      owner: 'worker-2',
      revision: 5,
    });
    expect(take(entry('waiting'))).not.toHaveProperty('detail');
  });

  test('is left to the worker that has it, until its lease is over', () => {
    expect(take(entry('claimed', { leaseUntil: LATER }))).toBeUndefined();
    expect(take(entry('claimed', { leaseUntil: NOW }))).toMatchObject({ state: 'unconfirmed' });
  });
});

const UNREACHABLE = fail({ code: 'ledger-unavailable', cause: 'TimeoutError' } as const);

/** A ledger that answers so, and the calls that it got. */
function ledgerOf(answers: Partial<LedgerStore>) {
  const calls: unknown[][] = [];
  const store: LedgerStore = {
    read: async () => succeed(undefined),
    write: async () => succeed('written'),
    copy: async () => succeed('written'),
    ...answers,
  };
  const recorded = (name: keyof LedgerStore) =>
    ((...given: unknown[]) => {
      calls.push([name, ...given]);
      return (store[name] as (...given: unknown[]) => unknown)(...given);
    }) as never;
  const ledger: LedgerStore = { read: recorded('read'), write: recorded('write'), copy: recorded('copy') };
  return { ledger, calls, names: () => calls.map(([name]) => name), now: () => NOW };
}

describe('a claim', () => {
  test('is given up after four others were faster: the message comes again', async () => {
    const world = ledgerOf({ write: async () => succeed('changed') });

    expect(await claimEvent(CLAIMANT, world)).toEqual(succeed({ kind: 'busy' }));
    expect(world.names()).toEqual(Array.from({ length: 4 }, () => ['write', 'read']).flat());
  });

  test('reads nothing once it is written', async () => {
    const world = ledgerOf({ read: async () => UNREACHABLE });

    expect(await claimEvent(CLAIMANT, world)).toMatchObject({ ok: true, value: { kind: 'take' } });
  });

  test('fails where the entry that was faster cannot be read', async () => {
    const world = ledgerOf({ write: async () => succeed('changed'), read: async () => UNREACHABLE });

    expect(await claimEvent(CLAIMANT, world)).toBe(UNREACHABLE);
  });

  test('of an event that was renamed to and fro moves back what stands under the other key', async () => {
    const movedTo = { webhook: 'stripe#evt_1', event: 'bought' };
    const found = entry('waiting', { movedTo, intakeRecord: INTAKE_RECORD });
    const world = ledgerOf({ read: async () => succeed(entry('waiting', { ...movedTo, revision: 7 })) });

    expect(await claimEvent({ ...CLAIMANT, found }, world)).toMatchObject({
      value: { kind: 'take', entry: { ...CLAIMANT.key, revision: 8, intakeRecord: INTAKE_RECORD } },
    });
    expect(world.calls.slice(0, 2)).toEqual([
      ['read', movedTo],
      ['copy', entry('waiting', { revision: 7, intakeRecord: INTAKE_RECORD }), found],
    ]);
  });

  test('of such an event takes its own entry where nothing stands under the other key any more', async () => {
    const found = entry('waiting', { movedTo: { webhook: 'stripe#evt_1', event: 'bought' } });

    expect(await claimEvent({ ...CLAIMANT, found }, ledgerOf({}))).toMatchObject({
      value: { kind: 'take', entry: { ...CLAIMANT.key, revision: 5 } },
    });
  });

  test('of such an event looks four times where names have gone in a circle, and fails where it cannot', async () => {
    const found = entry('waiting', { movedTo: { webhook: 'stripe#evt_1', event: 'bought' } });
    const circle = ledgerOf({ read: async () => succeed({ ...found, revision: 9 }) });
    await claimEvent({ ...CLAIMANT, found }, circle);
    expect(circle.names().filter((name) => name === 'read')).toHaveLength(4);

    const unreachable = ledgerOf({ read: async () => UNREACHABLE });
    expect(await claimEvent({ ...CLAIMANT, found }, unreachable)).toBe(UNREACHABLE);
  });
});

describe('an entry that is moved', () => {
  const key = { webhook: 'stripe#evt_1', event: 'bought' };
  const from = entry('waiting');

  test('stays where it cannot be copied', async () => {
    expect(await moveEntry(from, { key }, ledgerOf({ copy: async () => UNREACHABLE }))).toBe(UNREACHABLE);
  });

  test('is not said to have moved where another worker was faster: nobody knows what stands there', async () => {
    const world = ledgerOf({ copy: async () => succeed('changed') });

    expect(await moveEntry(from, { key }, world)).toEqual(succeed(undefined));
    expect(world.names()).toEqual(['copy']);
  });

  test('says afterwards where it went', async () => {
    const world = ledgerOf({});

    expect(await moveEntry(from, { key }, world)).toEqual(succeed({ ...from, ...key }));
    expect(world.calls).toEqual([
      ['copy', { ...from, ...key }, undefined],
      ['copy', { ...from, movedTo: key }, from],
    ]);
  });
});

describe('a settled entry that cannot be written', () => {
  test('is tried again while there is time', async () => {
    const pauses: number[] = [];
    const settling = (remaining: number) => ({
      ...ledgerOf({ write: async () => UNREACHABLE }),
      pause: async (milliseconds: number) => void pauses.push(milliseconds),
      remainingMilliseconds: () => remaining,
    });

    expect(await writeSettled(entry('delivered'), settling(3_100))).toBe(UNREACHABLE);
    expect(pauses).toEqual([100]);
    expect(await writeSettled(entry('delivered'), settling(3_099))).toBe(UNREACHABLE);
    expect(pauses).toEqual([100]);
  });
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
