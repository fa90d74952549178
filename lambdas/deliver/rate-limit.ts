/** Two settings of the deployment. */
export type RateSettings = {
  /** Calls per second that the tenant may make in all. */
  readonly eventsPerSecond: number;
  /** How many workers there are at most: the event source's maximum concurrency. */
  readonly maxConcurrency: number;
};

/** One worker's share of the tenant's rate, in calls per second: nobody tells a worker how many others there are. */
export function workerRate({ eventsPerSecond, maxConcurrency }: RateSettings): number {
  return eventsPerSecond / maxConcurrency;
}

/** One worker's limiter. `now` is in milliseconds, of a clock that does not go back. */
export type RateLimit = {
  /**
   * Takes the next free slot and gives the whole milliseconds until it comes. Where that is longer than `most`, no slot
   * is taken and there is no answer: the caller has no time left to wait for it.
   */
  readonly reserve: (now: number, most: number) => number | undefined;
};

/**
 * Spaces calls evenly (the generic cell rate algorithm, ITU-T I.371, which is a token bucket without the bucket).
 * @param perSecond the rate, above 0
 * @param burst how many calls may be made at once after a rest, from 1
 */
export function createRateLimit(perSecond: number, burst = 1): RateLimit {
  const interval = 1000 / perSecond;
  const tolerance = (burst - 1) * interval;
  let nextAt = Number.NEGATIVE_INFINITY;
  return {
    reserve: (now, most) => {
      const milliseconds = Math.max(0, Math.ceil(nextAt - tolerance - now));
      if (milliseconds > most) return undefined;
      // The slot itself, not the whole millisecond it is rounded up to: roundings must not add up.
      nextAt = Math.max(nextAt, now) + interval;
      return milliseconds;
    },
  };
}
