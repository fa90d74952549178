/** More at the same time gain nothing: at most so many calls begin in the second that a call should take. */
const MOST_LANES = 50;

/**
 * How many events a worker works on at the same time: as many as its share of the rate begins in a second.
 * @param perSecond the worker's share, in calls a second
 */
export function lanesFor(perSecond: number): number {
  return Math.min(MOST_LANES, Math.max(1, Math.ceil(perSecond)));
}

/** What lets the events of a webhook be worked on side by side, within what one worker can take. */
export type Lanes = {
  /**
   * Repeats a step in as many lanes as are free until it returns `false`, in each lane by itself. There is always one lane,
   * whatever other webhooks of the worker have taken.
   */
  readonly run: (most: number, step: () => Promise<boolean>) => Promise<void>;
};

export function createLanes(count: number): Lanes {
  let free = count - 1;
  return {
    run: async (most, step) => {
      const taken = Math.max(0, Math.min(free, most - 1));
      free -= taken;
      const lane = async () => {
        while (await step());
      };
      try {
        await Promise.all(Array.from({ length: taken + 1 }, lane));
      } finally {
        free += taken;
      }
    },
  };
}
