import { describe, expect, test } from '@jest/globals';
import { createPauseWatch, PAUSE_COPY_RECEIVES, pauseSeconds } from '../../../lambdas/deliver/pauses.ts';
import { RETRY_SCHEDULE } from '../../../lambdas/deliver/retry-schedule.ts';
import { fail, succeed } from '../../../lambdas/result.ts';
import { record, setUp } from './deliver-setup.ts';

describe('what a worker knows of pauses', () => {
  test('is at most five seconds old, whatever many ask at once', async () => {
    let at = 0;
    let asked = 0;
    let paused: readonly string[] = [];
    const read = async () => {
      asked += 1;
      return succeed(paused);
    };
    const isPaused = createPauseWatch(read, () => new Date(at));

    expect(await Promise.all(['stripe', 'shopify', 'stripe'].map(isPaused))).toEqual([false, false, false]);
    paused = ['stripe'];
    at = 4_999;
    expect([await isPaused('stripe'), asked]).toEqual([false, 1]);
    at = 5_000;
    expect([await isPaused('stripe'), await isPaused('shopify'), asked]).toEqual([true, false, 2]);
    paused = ['*'];
    at = 10_000;
    expect([await isPaused('stripe'), await isPaused('shopify')]).toEqual([true, true]);
  });

  test('stays as it was while it cannot be read', async () => {
    let at = 0;
    const answers = [succeed(['stripe']), fail('away'), succeed([])];
    const isPaused = createPauseWatch(
      async () => answers.shift() ?? succeed([]),
      () => new Date(at),
    );

    expect(await isPaused('stripe')).toBe(true);
    at += 5_000;
    expect(await isPaused('stripe')).toBe(true);
    at += 5_000;
    expect(await isPaused('stripe')).toBe(false);
  });
});

describe('a webhook of a paused source', () => {
  test('is left on the buffer without a look at it, and its first receive has a line', async () => {
    const setup = setUp({ isPaused: async (source) => source === 'stripe', isPauseToldNow: () => false });

    const kept = await setup.deliver(record('m-1', 'ann'));

    expect([kept, setup.hidden.map(([, seconds]) => seconds), setup.called()]).toEqual([
      ['message-m-1'],
      [10],
      [],
    ]);
    expect([...setup.entries.keys()]).toEqual([]);
    expect(setup.lines).toEqual([
      expect.objectContaining({
        ...{ stage: 'deliver', source: 'stripe', code: 'paused-by-person', outcome: 'retry-later' },
        ...{ PausedByPerson: 1, retrySeconds: 10, receives: 1 },
      }),
    ]);
  });

  test('has one line a minute from its second receive on', async () => {
    const told = [true, false];
    const setup = setUp({ isPaused: async () => true, isPauseToldNow: () => told.shift() ?? false });

    await setup.deliver({ ...record('m-1', 'ann'), receives: 2 });
    await setup.deliver({ ...record('m-1', 'ann'), receives: 3 });

    expect(setup.lines).toHaveLength(1);
  });

  test('is put on the buffer anew before its retry budget or the retention of the queue ends', async () => {
    const setup = setUp({ isPaused: async () => true });
    const late = { ...record('m-1', 'ann'), receives: PAUSE_COPY_RECEIVES };

    expect(await setup.deliver(late)).toEqual([]);
    expect(setup.putBack).toEqual([late.message]);
    const waited = Array.from({ length: PAUSE_COPY_RECEIVES }, (_, index) => pauseSeconds(index + 1));
    const seconds = waited.reduce((sum, one) => sum + one, 0);
    expect(seconds).toBeLessThan(RETRY_SCHEDULE.budgetSeconds / 2);
  });

  test('stays where it is if it cannot be put back', async () => {
    const setup = setUp({ isPaused: async () => true, putBack: async () => fail({ cause: 'Throttling' }) });

    expect(await setup.deliver({ ...record('m-1', 'ann'), receives: PAUSE_COPY_RECEIVES })).toEqual([
      'message-m-1',
    ]);
  });

  test('stops in the middle of a batch, and goes on where it stopped', async () => {
    const pause = { asks: 0, isOn: true };
    const setup = setUp({
      isPaused: async () => {
        pause.asks += 1;
        // Asked for the webhook, and for its first two events; then somebody pauses it.
        return pause.isOn && pause.asks > 3;
      },
    });
    const keys = ['abe', 'ada', 'ali', 'amy', 'ann'];
    const batch = record('m-1', 'batch', { body: { keys } });

    const kept = await setup.deliver(batch);
    const before = setup.called();
    pause.isOn = false;
    const after = await setup.deliver({ ...batch, receives: 2 });

    expect([kept, before.length]).toEqual([['message-m-1'], 2]);
    expect([after, [...setup.called()].sort()]).toEqual([[], keys]);
  });
});
