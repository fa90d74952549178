import { describe, expect, test } from '@jest/globals';
import { replayedMessage } from '../../../../lambdas/buffer/message.ts';
import type { BufferRecord } from '../../../../lambdas/deliver/work.ts';
import { fail, succeed } from '../../../../lambdas/result.ts';
import { LEASE_MILLISECONDS, NOW, record, setUp } from '../deliver-setup.ts';

const UNAVAILABLE = { code: 'ledger-unavailable', cause: 'TimeoutError' } as const;

type Setup = ReturnType<typeof setUp>;

/** Which deliveries' intake records the entries carry, in the order of the events. */
function carried({ entries }: Pick<Setup, 'entries'>): readonly (string | undefined)[] {
  return [...entries.values()].map(({ intakeRecord }) => intakeRecord?.webhookId);
}

/** The same message under another id: the vendor has sent the webhook again. */
function sentAgain(original: BufferRecord, webhookId: string): BufferRecord {
  const attributes = { ...original.message.attributes, 'webhook-id': webhookId };
  return { ...original, messageId: webhookId, message: { ...original.message, attributes } };
}

const OURS = 'JKJaXmPLvHcESHA=';

describe('an intake record', () => {
  test('goes with the first claim of its events, and is written nowhere else', async () => {
    const setup = setUp();

    await setup.deliver(record('batch', 'batch', { body: { keys: ['ann', 'cat', 'ann'] } }));

    expect(carried(setup)).toEqual([OURS, undefined, undefined]);
    expect(setup.intakeRecords).toEqual([]);
  });

  test('stays in its entry whatever becomes of that', async () => {
    const setup = setUp();
    const message = record('bob');
    await setup.deliver(message);
    const [first] = setup.entries.values();

    for (const hours of [1, 2, 25]) {
      setup.clock.now = new Date(NOW.getTime() + hours * 3_600_000);
      await setup.deliver(message);
    }
    const [last] = setup.entries.values();
    expect(last?.deadLetteredAt).toBeDefined();
    expect(last?.intakeRecord).toStrictEqual(first?.intakeRecord);
    expect(last?.intakeRecord).toMatchObject({ webhookId: OURS, takenAt: NOW, eventTypes: ['invoice.paid'] });
    expect(setup.intakeRecords).toEqual([]);
  });

  test('goes with an event that ends without a call, too', async () => {
    const setup = setUp();

    await setup.deliver(record('ann', 'fresh', { body: { at: '2026-11-23T00:00:00Z' } }));

    expect([...setup.entries.values()]).toMatchObject([
      { state: 'expired', intakeRecord: { webhookId: OURS } },
    ]);
  });

  test('shows which events a webhook matched, without any of its values; an item of its own if no event is claimed', async () => {
    const setup = setUp();
    const owed = record('ann', 'owed', { body: { due: 0 } });
    const attributes = { ...owed.message.attributes, 'secret-slot': '1' };
    await setup.deliver({ ...owed, message: { ...owed.message, attributes } });

    expect(setup.intakeRecords).toMatchObject([
      {
        webhookId: OURS,
        secretIndex: 1,
        eventTypes: ['owed'],
        matched: [{ event: 'owed', made: 0, rejected: 0, skipped: 'when-not-met', when: '{% due > 0 %}' }],
        others: 4,
      },
    ]);
    expect(JSON.stringify(setup.intakeRecords)).not.toContain('"ann"');
  });

  test('of a delivery whose events are known already becomes an item of its own, but not for the same message again', async () => {
    const setup = setUp();
    await setup.deliver(record('ann'));

    await setup.deliver(record('ann'));
    expect(setup.intakeRecords).toEqual([]);
    await setup.deliver(sentAgain(record('ann'), 'second'));

    expect(setup.lines.map(({ outcome }) => outcome)).toEqual(['delivered', 'duplicate', 'duplicate']);
    expect(setup.intakeRecords.map(({ webhookId }) => webhookId)).toEqual(['second']);
    expect(carried(setup)).toEqual([OURS]);
  });

  test('of a replay is that of the message that is replayed', async () => {
    const setup = setUp();
    await setup.deliver(record('cat'));
    const { revision = 0 } = [...setup.entries.values()][0] ?? {};
    const message = replayedMessage(record('cat').message, { events: [{ event: 'paid', revision }] });

    await setup.deliver({ ...record('cat'), messageId: 'replayed', message });

    expect(setup.called()).toEqual(['cat', 'cat']);
    expect(carried(setup)).toEqual([OURS]);
    expect(setup.intakeRecords).toEqual([]);
  });

  test('is carried by the first event that is new, where the vendor’s second delivery has more of them', async () => {
    const setup = setUp();
    await setup.deliver(record('batch', 'batch', { body: { keys: ['ann'] } }));

    await setup.deliver(sentAgain(record('batch', 'batch', { body: { keys: ['ann', 'cat'] } }), 'second'));

    expect(carried(setup)).toEqual([OURS, 'second']);
    expect(setup.intakeRecords).toEqual([]);
  });

  test('goes with the next claim where the first was not written; as the message comes again, it is an item as well', async () => {
    const { entries, ledger } = setUp();
    let writes = 0;
    const setup = setUp({
      ledger: {
        ...ledger,
        write: async (entry) => {
          writes += 1;
          return writes === 1 ? fail(UNAVAILABLE) : ledger.write(entry);
        },
      },
    });

    const batch = record('batch', 'batch', { body: { keys: ['ann', 'cat'] } });
    expect(await setup.deliver(batch)).toEqual(['message-batch']);
    expect(carried({ entries })).toEqual([]);
    expect(setup.intakeRecords).toMatchObject([{ webhookId: OURS, progress: { events: 2 } }]);
    expect(await setup.deliver(batch)).toEqual([]);

    expect(carried({ entries })).toEqual([OURS, undefined]);
    expect(setup.called()).toEqual(['ann', 'cat']);
  });

  test('is not written twice where a claim was written though its answer was lost', async () => {
    const { entries, ledger } = setUp();
    let writes = 0;
    const setup = setUp({
      ledger: {
        ...ledger,
        write: async (entry) => {
          writes += 1;
          const written = await ledger.write(entry);
          return writes === 1 ? succeed('changed') : written;
        },
      },
    });

    expect(await setup.deliver(record('ann'))).toEqual([]);

    expect(setup.called()).toEqual(['ann']);
    expect(carried({ entries })).toEqual([OURS]);
    expect(setup.intakeRecords).toEqual([]);
  });

  test('of a webhook that is paused is kept at once, and goes with the claim later', async () => {
    const setup = setUp();
    // Throttled, so that the breaker pauses what comes next.
    await setup.deliver(record('bob'));
    await setup.deliver(sentAgain(record('ann'), 'paused'));

    expect(setup.lines.at(-1)).toMatchObject({ outcome: 'retry-later', code: 'paused-throttled' });
    expect(setup.intakeRecords.map(({ webhookId }) => webhookId)).toEqual(['paused']);
    setup.clock.now = new Date(NOW.getTime() + 3_600_000);
    await setup.deliver(sentAgain(record('ann'), 'paused'));
    expect(carried(setup)).toEqual([OURS, 'paused']);
  });
});

describe('an intake record that no claim has taken', () => {
  const skipped = record('ann', 'owed', { body: { due: 0 } });

  test('and that cannot be written delays no event, and is logged', async () => {
    const setup = setUp({ ledger: { ...setUp().ledger, writeIntakeRecord: async () => fail(UNAVAILABLE) } });

    expect(await setup.deliver(skipped)).toEqual([]);
    expect(setup.lines).toMatchObject([
      { outcome: 'skipped' },
      { code: 'intake-record-not-written', cause: 'TimeoutError', webhookId: OURS },
    ]);
  });

  test('is not waited for when the function’s time is nearly over', async () => {
    const setup = setUp();
    setup.clock.remainingMilliseconds = 11_999;

    expect(await setup.deliver(skipped)).toEqual([]);
    expect(setup.intakeRecords).toEqual([]);
    expect(setup.lines).toMatchObject([
      { outcome: 'skipped' },
      { code: 'intake-record-not-written', cause: 'no-time' },
    ]);
    setup.clock.remainingMilliseconds = 12_000;
    await setup.deliver(skipped);
    expect(setup.intakeRecords).toHaveLength(1);
  });

  test('is not logged if the message comes again', async () => {
    const setup = setUp();
    await setup.deliver(record('ann'));
    const [key = '', entry] = [...setup.entries][0] ?? [];
    if (entry === undefined) throw new Error('There is no entry.');
    // Another worker is at it.
    const leaseUntil = new Date(NOW.getTime() + LEASE_MILLISECONDS);
    setup.entries.set(key, { ...entry, state: 'claimed', leaseUntil });
    setup.clock.remainingMilliseconds = 11_999;

    expect(await setup.deliver(sentAgain(record('ann'), 'second'))).toEqual(['second']);
    expect(setup.lines.at(-1)).toMatchObject({ outcome: 'retry-later' });
    expect(setup.intakeRecords).toEqual([]);
  });
});
