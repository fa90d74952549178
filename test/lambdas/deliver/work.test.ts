import { describe, expect, test } from '@jest/globals';
import { PAUSES_ALL } from '../../../lambdas/deliver/outcome.ts';
import { nextDelaySeconds } from '../../../lambdas/deliver/retry-schedule.ts';
import { createLanes, lanesFor, tryLater } from '../../../lambdas/deliver/work.ts';
import { record } from './deliver-setup.ts';

const RANDOM = { random: () => 1 };

describe('the pause of an event that is left for later', () => {
  const secondsOf = (work: { receives: number; triedReceives?: number }, attempts?: number) => {
    const { receives, ...tried } = work;
    const reason = { code: 'busy' as const, ...(attempts !== undefined && { attempts }) };
    return tryLater({ record: record('ann', 'paid', { receives }), ...tried }, reason, RANDOM).seconds;
  };

  test.each<[string, Parameters<typeof secondsOf>, number]>([
    ['the receives of its message', [{ receives: 4 }], 4],
    ['those that did not end for lack of time', [{ receives: 4, triedReceives: 3 }], 3],
    ['its own calls, where they are fewer', [{ receives: 4 }, 2], 2],
    ['the receives, where its calls are more', [{ receives: 4 }, 9], 4],
    ['one, where it was never tried', [{ receives: 4, triedReceives: 0 }], 1],
  ])('grows with %s', (_, work, tries) => {
    expect(secondsOf(...work)).toBe(nextDelaySeconds(tries, 1));
  });

  test('says what went wrong, where that is known', () => {
    expect(tryLater({ record: record('ann') }, { code: 'busy' }, RANDOM)).toStrictEqual({
      outcome: 'retry-later',
      code: 'busy',
      seconds: 5,
    });
    expect(tryLater({ record: record('ann') }, { code: 'busy', cause: 'x' }, RANDOM)).toMatchObject({
      cause: 'x',
    });
  });
});

test('what keeps all events of a worker waiting is a pause, a missing key or a ledger or queue that does not answer', () => {
  const pausing = Object.entries(PAUSES_ALL).flatMap(([code, pauses]) => (pauses ? [code] : []));

  expect(pausing.sort()).toEqual([
    'dead-letter-unavailable',
    'ledger-unavailable',
    'not-begun',
    'paused-credentials',
    'paused-endpoint',
    'paused-throttled',
    'secret-invalid',
    'secret-missing',
    'secret-unreadable',
  ]);
});

describe('the lanes of a worker', () => {
  test.each([
    [0.1, 1],
    [1, 1],
    [7.2, 8],
    [50, 50],
    [400, 50],
  ])('are as many as calls begin in a second, up to fifty: at %d a second %d', (perSecond, lanes) => {
    expect(lanesFor(perSecond)).toBe(lanes);
  });

  /** How many lanes a run got, beside another that has taken its own before. */
  async function lanesOf(
    lanes: ReturnType<typeof createLanes>,
    most: number,
    meanwhile?: () => Promise<void>,
  ) {
    let begun = 0;
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const run = lanes.run(most, async () => {
      begun += 1;
      await gate;
      return false;
    });
    await meanwhile?.();
    open();
    await run;
    return begun;
  }

  test('are no more than there are events', async () => {
    expect(await lanesOf(createLanes(5), 2)).toBe(2);
    expect(await lanesOf(createLanes(5), 9)).toBe(5);
    expect(await lanesOf(createLanes(5), 0)).toBe(1);
  });

  test('are shared by the webhooks of a worker, each of which has one', async () => {
    const lanes = createLanes(5);
    const counts: number[] = [];
    const first = await lanesOf(lanes, 3, async () => {
      counts.push(await lanesOf(lanes, 9));
    });

    expect([first, ...counts]).toEqual([3, 3]);
    expect(await lanesOf(lanes, 9)).toBe(5);
  });

  test('are free again when a step fails', async () => {
    const lanes = createLanes(3);
    await expect(lanes.run(9, () => Promise.reject(new TypeError('a bug')))).rejects.toThrow(TypeError);

    expect(await lanesOf(lanes, 9)).toBe(3);
  });
});
