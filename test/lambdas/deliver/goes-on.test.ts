import { describe, expect, test } from '@jest/globals';
import { createLanes } from '../../../lambdas/deliver/event-api/caller.ts';
import type { Attempt } from '../../../lambdas/deliver/event-api/verdict.ts';
import { compiledMapping } from '../map/compiled-mapping.ts';
import { ACCEPTED, batch, createWorker, EACH, items, UNREACHABLE } from './batch-worker.ts';
import { NOW, record, setUp } from './deliver-setup.ts';
import { createMemoryLedger, type MemoryLedger } from './ledger/memory-ledger.ts';

const BY_ID = { ...EACH, 'deduplication-id': '{% $item.id %}' };

const THROTTLED: Attempt = { kind: 'answered', status: 429, retryAfter: undefined, body: '{"code":429}' };

describe('a webhook whose message comes again', () => {
  test('goes on where it stopped: what has ended is neither read, written, called nor logged', async () => {
    const ledger = createMemoryLedger();
    const first = endingAfter(15, ledger);
    expect(await first.deliver(batch({ items: items(30) }))).toEqual(['message-batch']);
    expect(first.hidden).toEqual([['handle-batch', 1]]);
    expect(first.told().at(-1)).toEqual([15, 'not-begun']);
    expect(first.lines).toHaveLength(16);
    const before = new Map(ledger.entries);
    const second = createWorker([EACH], { ledger });

    expect(await second.deliver(batch({ items: items(30) }, { receives: 2 }))).toEqual([]);
    expect(second.keys()).toEqual(
      items(30)
        .slice(15)
        .map(({ key }) => key),
    );
    expect(second.lines).toHaveLength(15);
    for (const [key, entry] of before) expect(ledger.entries.get(key)).toBe(entry);
    expect(second.intakeRecords.at(-1)?.matched).toEqual([{ event: 'each', made: 30, rejected: 0 }]);
    expect(second.intakeRecords.at(-1)?.progress).toMatchObject({ events: 30, outOfTime: 1 });
  });

  test('leaves alone what is not due yet, says nothing of it, and waits until it is due', async () => {
    const ledger = createMemoryLedger();
    await endingAfter(15, ledger, (key) => (key === 'k3' ? UNREACHABLE : ACCEPTED)).deliver(
      batch({ items: items(30) }),
    );
    const second = createWorker([EACH], { ledger });
    second.clock.now = new Date(NOW.getTime() + 1_000);
    expect(await second.deliver(batch({ items: items(30) }, { receives: 2 }))).toEqual(['message-batch']);
    expect([second.keys().includes('k3'), second.lines.length]).toEqual([false, 15]);
    expect(second.hidden).toEqual([['handle-batch', 4]]);
    const third = createWorker([EACH], { ledger });
    third.clock.now = new Date(NOW.getTime() + 5_000);

    expect(await third.deliver(batch({ items: items(30) }, { receives: 3 }))).toEqual([]);
    expect(third.keys()).toEqual(['k3']);
  });

  test('has pauses that grow with its failures, not with the receives that lacked time', async () => {
    const ledger = createMemoryLedger();
    for (const receives of [1, 2, 3, 4])
      await endingAfter(5 * receives, ledger).deliver(batch({ items: items(30) }, { receives }));
    const last = createWorker([EACH], { ledger, answer: (key) => (key === 'k25' ? UNREACHABLE : ACCEPTED) });

    await last.deliver(batch({ items: items(30) }, { receives: 5 }));
    expect(last.hidden).toEqual([['handle-batch', 5]]);
  });

  test('by a worker that died before it wrote how far it was calls nobody twice', async () => {
    const ledger = createMemoryLedger();
    await createWorker([EACH], { ledger }).deliver(batch({ items: items(20) }));
    ledger.records.clear();
    const second = createWorker([EACH], { ledger });

    expect(await second.deliver(batch({ items: items(25) }, { receives: 2 }))).toEqual([]);
    expect(second.keys()).toEqual(['k20', 'k21', 'k22', 'k23', 'k24']);
  });

  test('stops at what keeps all events waiting, and says so once', async () => {
    const setup = createWorker([EACH], { answer: () => THROTTLED });

    expect(await setup.deliver(batch({ items: items(30) }))).toEqual(['message-batch']);
    expect(setup.told()).toEqual([
      [0, 'webex-throttled'],
      [1, 'paused-throttled'],
    ]);
  });

  test('is put on the buffer anew before SQS counts too many receives, and only for lack of time', async () => {
    const lacking = createWorker([EACH]);
    lacking.clock.remainingMilliseconds = 4_999;
    const message = batch({ items: items(30) }, { receives: 300 });
    expect(await lacking.deliver(message)).toEqual([]);
    expect(lacking.putBack).toEqual([message.message]);
    expect(await lacking.deliver({ ...message, receives: 299 })).toEqual(['message-batch']);
    const failing = createWorker([EACH], { answer: () => UNREACHABLE });

    expect(await failing.deliver(message)).toEqual(['message-batch']);
    expect(failing.putBack).toEqual([]);
  });

  test('that has been worked off is passed over without a word', async () => {
    const ledger = createMemoryLedger();
    const first = createWorker([EACH], { ledger });
    await first.deliver(batch({ items: items(20) }));
    const second = createWorker([EACH], { ledger });

    expect(await second.deliver(batch({ items: items(20) }))).toEqual([]);
    expect([second.keys(), second.lines]).toEqual([[], []]);
  });
});

describe('items with one identity', () => {
  test('are one event: the second is passed over, and counts as a duplicate', async () => {
    const setup = createWorker([BY_ID], { lanes: 3 });
    await setup.deliver(
      batch({
        items: [
          { key: 'ann', id: '1' },
          { key: 'ann', id: '1' },
          { key: 'bob', id: '2' },
        ],
      }),
    );

    expect(setup.keys()).toEqual(['ann', 'bob']);
    expect(setup.told()).toContainEqual([1, 'repeated-item']);
    expect(setup.lines).toContainEqual(expect.objectContaining({ item: 1, outcome: 'duplicate' }));
    expect(setup.told()).toHaveLength(3);
  });

  test('are known in another webhook, however the vendor cuts the batch', async () => {
    const ledger = createMemoryLedger();
    await createWorker([BY_ID], { ledger }).deliver(batch({ items: items(3) }));
    const again = createWorker([BY_ID], { ledger });
    const recut = record('recut', 'batch', { body: { items: [...items(5)].reverse() } });

    expect(await again.deliver(recut)).toEqual([]);
    expect(again.keys()).toEqual(['k4', 'k3']);
  });

  test('are listed beside the intake record: in it while they are few, else in pages of their own', async () => {
    const few = createWorker([BY_ID]);
    await few.deliver(batch({ items: items(2) }));
    expect(few.intakeRecords.at(-1)?.identified).toEqual([
      { name: 'each', item: 0, identity: 'id-0' },
      { name: 'each', item: 1, identity: 'id-1' },
    ]);
    const many = createWorker([BY_ID]);
    await many.deliver(batch({ items: items(21) }));
    expect(many.intakeRecords.at(-1)).not.toHaveProperty('identified');
    expect([...many.ledger.pages.values()].map((page) => page.length)).toEqual([21]);
  });
});

describe('events side by side', () => {
  test('are as many as there are lanes, begun in their order', async () => {
    let working = 0;
    let most = 0;
    const setup = setUp(
      { mappings: new Map([['stripe', compiledMapping([EACH])]]), lanes: createLanes(4) },
      {
        call: async () => {
          working += 1;
          most = Math.max(most, working);
          await new Promise((resolve) => setTimeout(resolve, 5));
          working -= 1;
          return ACCEPTED;
        },
      },
    );
    await setup.deliver(batch({ items: items(20) }));

    expect(most).toBe(4);
    expect(setup.requests.map(({ body }) => /"event-key":"([^"]*)"/.exec(body)?.[1])).toEqual(
      items(20).map(({ key }) => key),
    );
  });

  test('leave a lane to each webhook of the worker', async () => {
    const lanes = createLanes(3);
    const steps: string[] = [];
    const step = (name: string) => async () => {
      steps.push(name);
      await new Promise((resolve) => setTimeout(resolve, 1));
      return steps.filter((one) => one === name).length < 3;
    };
    await Promise.all([lanes.run(10, step('large')), lanes.run(10, step('second'))]);

    expect(steps.slice(0, 4)).toEqual(['large', 'large', 'large', 'second']);
  });
});

/** A worker whose time is over after so many of its events. */
function endingAfter(count: number, ledger: MemoryLedger, answer: (key: string) => Attempt = () => ACCEPTED) {
  const worker = createWorker([EACH], {
    ledger,
    answer: (key) => {
      if (key === `k${count - 1}`) worker.clock.remainingMilliseconds = 4_999;
      return answer(key);
    },
  });
  return worker;
}
