import { describe, expect, test } from '@jest/globals';
import { createLanes, lanesFor } from '../../../../lambdas/deliver/event-api/caller.ts';

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
