import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { replayedMessage } from '../../../lambdas/buffer/message.ts';
import type { LedgerEntry } from '../../../lambdas/deliver/ledger/entry.ts';
import type { BufferRecord } from '../../../lambdas/deliver/work.ts';
import { ACCEPTED, batch, createWorker, EACH, items, UNREACHABLE } from './batch-worker.ts';
import { LEASE_MILLISECONDS, NOW, record } from './deliver-setup.ts';
import type { MemoryLedger } from './ledger/memory-ledger.ts';

const PAID = { name: 'paid', on: 'invoice.paid', 'event-id': 'evt_1', 'event-key': '{% key %}' };
const BOUGHT = { ...PAID, name: 'bought', formerly: ['paid'] };
const OTHER = { name: 'other', on: '*', 'event-id': 'evt_2', 'event-key': 'other' };
const OTHER_TYPE = { ...OTHER, on: 'nothing' };
const BY_ID = { ...EACH, 'deduplication-id': '{% $item.id %}' };

const LATER = new Date(NOW.getTime() + 3_600_000);

/** A ledger in which the event of a webhook waits for its next attempt. */
async function waiting(events: readonly object[] = [PAID], beside: object = {}): Promise<MemoryLedger> {
  const worker = createWorker(events, { answer: () => UNREACHABLE, beside });
  await worker.deliver(record('ann'));
  return worker.ledger;
}

/** The same message, an hour later. */
async function deliverLater(worker: ReturnType<typeof createWorker>, message: BufferRecord = record('ann')) {
  worker.clock.now = LATER;
  return worker.deliver({ ...message, receives: message.receives + 1 });
}

describe('an event that was renamed', () => {
  test('goes on from where its old name left it: nothing is called twice, and its old entry points to it', async () => {
    const ledger = await waiting();
    const renamed = createWorker([BOUGHT], { ledger });

    expect(await deliverLater(renamed)).toEqual([]);
    expect(renamed.keys()).toEqual(['ann']);
    expect(renamed.states()).toEqual({
      'stripe#evt_ann paid': 'moved',
      'stripe#evt_ann bought': 'delivered',
    });
    expect(ledger.entries.get('stripe#evt_ann bought')).toMatchObject({ attempts: 2, revision: 4 });
  });

  test('is not sent again if it was sent under its old name, also where the vendor repeats it', async () => {
    const sent = createWorker([PAID]);
    await sent.deliver(record('ann'));
    const renamed = createWorker([BOUGHT], { ledger: sent.ledger });

    await renamed.deliver(record('ann'));
    await deliverLater(renamed);
    expect(renamed.keys()).toEqual([]);
    expect(renamed.told()).toContainEqual([undefined, 'already-delivered']);
  });

  test('is busy while another worker still calls it under its old name', async () => {
    const { ledger, entry } = await calledBy();
    const renamed = createWorker([BOUGHT], { ledger });
    expect(await renamed.deliver(record('ann', 'invoice.paid', { receives: 2 }))).toEqual(['message-ann']);
    expect(renamed.told()).toEqual([[undefined, 'busy']]);
    expect([...ledger.entries.values()]).toEqual([entry]);

    renamed.clock.now = new Date(NOW.getTime() + LEASE_MILLISECONDS);
    await renamed.deliver(record('ann', 'invoice.paid', { receives: 3 }));
    expect(renamed.keys()).toEqual([]);
    expect(renamed.failures()).toEqual([['bought', undefined, 'unconfirmed']]);
  });

  test.each([
    ['and says its other name', [{ ...PAID, formerly: ['bought'] }]],
    ['and forgets its other name', [PAID]],
  ])('and has its old name again, %s, is not sent again', async (_, events) => {
    const ledger = await waiting();
    await deliverLater(createWorker([BOUGHT], { ledger }));
    const back = createWorker(events, { ledger });

    await deliverLater(back);
    await deliverLater(back, { ...record('ann'), messageId: 'vendor', receives: 0 });
    expect(back.keys()).toEqual([]);
    expect(back.failures()).toEqual([]);
  });

  test('keeps the revision that a person saw: a replay under the old name is of the new one', async () => {
    const refused = createWorker([PAID], {
      answer: () => ({ ...ACCEPTED, body: '{"code":1002}' }) as typeof ACCEPTED,
    });
    await refused.deliver(record('ann'));
    const { revision = 0 } = [...refused.ledger.entries.values()][0] ?? {};
    const message = replayedMessage(record('ann').message, { events: [{ event: 'paid', revision }] });
    const renamed = createWorker([BOUGHT], { ledger: refused.ledger });

    expect(await renamed.deliver({ ...record('ann'), message })).toEqual([]);
    expect(renamed.keys()).toEqual(['ann']);
  });
});

/** A worker that has claimed the event and not yet called. */
async function calledBy(): Promise<{ readonly ledger: MemoryLedger; readonly entry: LedgerEntry }> {
  const sent = createWorker([PAID]);
  await sent.deliver(record('ann'));
  const [[key, settled] = []] = [...sent.ledger.entries];
  if (key === undefined || settled === undefined) throw new Error('There is no entry.');
  const { transactionId: _, answer: __, history: ___, ...claimed } = settled;
  const entry = { ...claimed, state: 'claimed', revision: 1 } as const;
  sent.ledger.entries.set(key, entry);
  return { ledger: sent.ledger, entry };
}

describe('a source that was renamed', () => {
  test('goes on with what its old name left', async () => {
    const ledger = await waiting();
    const renamed = createWorker([PAID], { ledger, beside: { source: 'billing', formerly: ['stripe'] } });

    await deliverLater(renamed);
    expect(renamed.keys()).toEqual(['ann']);
    expect(renamed.states()).toEqual({ 'stripe#evt_ann paid': 'moved', 'billing#evt_ann paid': 'delivered' });
  });
});

describe('an event of 0.1.0', () => {
  test('that its fact’s id identifies now is found under its old key', async () => {
    const old = createWorker([EACH], { answer: (key) => (key === 'k1' ? UNREACHABLE : ACCEPTED) });
    await old.deliver(batch({ items: items(3) }));
    old.ledger.records.clear();
    const now = createWorker([BY_ID], { ledger: old.ledger });

    expect(await deliverLater(now, batch({ items: items(3) }))).toEqual([]);
    expect(now.keys()).toEqual(['k1']);
    expect(now.states()).toMatchObject({ 'stripe:id-0 each': 'delivered', 'stripe:id-1 each': 'delivered' });
  });

  test('and back again: without the identity, it is found by the list of identities', async () => {
    const by = createWorker([BY_ID], { answer: (key) => (key === 'k1' ? UNREACHABLE : ACCEPTED) });
    await by.deliver(batch({ items: items(30) }));
    const back = createWorker([EACH], { ledger: by.ledger });

    expect(await deliverLater(back, batch({ items: items(30) }))).toEqual([]);
    expect(back.keys()).toEqual(['k1']);
  });

  test('whose vendor changes the body with each delivery is found under the hash of the body before', async () => {
    const bodyOf = (attempt: number) => ({
      items: items(2).map((item) => ({ ...item, attemptNumber: attempt })),
    });
    const hashed = (attempt: number): BufferRecord => {
      const message = batch(bodyOf(attempt));
      const id = createHash('sha256').update(message.message.body).digest('hex');
      const attributes = { ...message.message.attributes, 'deduplication-id': id };
      return { ...message, message: { ...message.message, attributes } };
    };
    const old = createWorker([EACH]);
    await old.deliver(hashed(0));
    const now = createWorker([BY_ID], {
      ledger: old.ledger,
      redelivery: { member: 'attemptNumber', first: 0 },
    });

    expect(await now.deliver(hashed(2))).toEqual([]);
    expect(now.keys()).toEqual([]);
  });
});

describe('an event that the mapping no longer has', () => {
  test('is dead-lettered by its name where it waits for a retry', async () => {
    const setup = createWorker([PAID, OTHER], { answer: (key) => (key === 'ann' ? UNREACHABLE : ACCEPTED) });
    await setup.deliver(record('ann'));
    const changed = createWorker([OTHER], { ledger: setup.ledger });

    expect(await deliverLater(changed)).toEqual([]);
    expect(changed.keys()).toEqual([]);
    expect(changed.failures()).toEqual([['paid', undefined, 'no-mapping']]);
    expect(changed.ledger.entries.get('stripe#evt_ann paid')).toMatchObject({
      state: 'failed',
      code: 'no-mapping',
      detail: 'webex-unreachable',
      deadLetteredAt: LATER,
    });
  });

  test('is dead-lettered by its name where it was the only one; a batch that was not begun whole, as a whole', async () => {
    const only = createWorker([OTHER_TYPE], { ledger: await waiting() });
    expect(await deliverLater(only)).toEqual([]);
    expect(only.failures()).toEqual([['paid', undefined, 'no-mapping']]);
    const each = createWorker([EACH], { answer: () => UNREACHABLE });
    await each.deliver(batch({ items: items(30) }));
    const whole = createWorker([OTHER_TYPE], { ledger: each.ledger });

    expect(await deliverLater(whole, batch({ items: items(30) }))).toEqual([]);
    expect(whole.failures()).toEqual([[undefined, undefined, 'no-mapping']]);
  });

  test('is sent by a replay of that dead letter once the mapping has it again', async () => {
    const ledger = await waiting([PAID, OTHER]);
    await deliverLater(createWorker([OTHER], { ledger }));
    const { revision = 0 } = ledger.entries.get('stripe#evt_ann paid') ?? {};
    const message = replayedMessage(record('ann').message, { events: [{ event: 'paid', revision }] });
    const back = createWorker([PAID, OTHER], { ledger });

    await deliverLater(back, { ...record('ann'), message });
    expect(back.keys()).toEqual(['ann']);
  });

  test('stays unconfirmed where it may have been accepted', async () => {
    const setup = createWorker([{ ...PAID, 'on-unconfirmed': 'retry' }, OTHER], {
      answer: (key) => (key === 'ann' ? { kind: 'no-answer', cause: 'timeout' } : ACCEPTED),
    });
    await setup.deliver(record('ann'));
    const changed = createWorker([OTHER], { ledger: setup.ledger });

    await deliverLater(changed);
    expect(changed.failures()).toEqual([['paid', undefined, 'unconfirmed']]);
  });

  test('is found by its fact’s id, too, and so is an item that is gone', async () => {
    const setup = createWorker([BY_ID, OTHER], { answer: (key) => (key === 'k1' ? UNREACHABLE : ACCEPTED) });
    await setup.deliver(batch({ items: items(30) }));
    const changed = createWorker([OTHER], { ledger: setup.ledger });

    expect(await deliverLater(changed, batch({ items: items(30) }))).toEqual([]);
    expect(changed.failures()).toEqual([['each', undefined, 'no-mapping']]);
  });

  test('is left to the other delivery that has it', async () => {
    const ledger = await waiting([PAID, OTHER]);
    const changed = createWorker([OTHER], { ledger });
    const message = record('ann').message;
    const attributes = { ...message.attributes, 'webhook-id': 'other' };

    await deliverLater(changed, { ...record('ann'), message: { ...message, attributes } });
    expect(changed.failures()).toEqual([]);
  });

  test('is one whose condition is no longer met, while the ledger waits for it', async () => {
    const ledger = await waiting();
    const changed = createWorker([{ ...PAID, when: '{% false %}' }], { ledger });

    expect(await deliverLater(changed)).toEqual([]);
    expect(changed.failures()).toEqual([['paid', undefined, 'no-mapping']]);
  });

  test('does not disturb a replay of another', async () => {
    const ledger = await waiting([PAID, OTHER]);
    const message = replayedMessage(record('ann').message, { events: [{ event: 'other', revision: 2 }] });
    const changed = createWorker([OTHER], { ledger });

    await deliverLater(changed, { ...record('ann'), message });
    expect(changed.failures()).toEqual([]);
  });
});
