/** SQS hides a message for at most this long after it was received (developer guide, "Visibility timeout"). */
const SQS_MAX_VISIBILITY_SECONDS = 43_200;

/** Every number of the retry schedule; times in seconds. The stack's queues are derived from it. */
export const RETRY_SCHEDULE = {
  /** How long the first pause can be; each further one may be twice as long as the one before. */
  firstCeilingSeconds: 5,
  /** Pauses grow no longer than this: once all works again, a message is late by a quarter of an hour at most. */
  lastCeilingSeconds: 900,
  /**
   * The shortest pause, as a part of the longest at that point. This floor bounds how often a message is received by
   * more than luck: SQS moves a message to the dead letters after 1,000 receives at the latest.
   */
  floorPart: 1 / 4,
  /** The longest pause that the vendor can ask for; far below what SQS can hide a message for. */
  longestHintSeconds: 3_600,
  /** How long a webhook is tried before it is dead-lettered as `retries-exhausted` (24 h). */
  budgetSeconds: 86_400,
} as const;

/** The longest pause that the schedule can give, in seconds. */
export const LONGEST_PAUSE_SECONDS = Math.min(
  Math.max(RETRY_SCHEDULE.lastCeilingSeconds, RETRY_SCHEDULE.longestHintSeconds),
  SQS_MAX_VISIBILITY_SECONDS,
);

function ceilingSeconds(receives: number): number {
  const { firstCeilingSeconds, lastCeilingSeconds } = RETRY_SCHEDULE;
  return Math.min(lastCeilingSeconds, firstCeilingSeconds * 2 ** (receives - 1));
}

function floorSeconds(receives: number): number {
  return Math.ceil(ceilingSeconds(receives) * RETRY_SCHEDULE.floorPart);
}

/**
 * Whole seconds until the next attempt: exponential, with jitter over the whole range between floor and ceiling, so that
 * messages that failed together are not repeated together. Every pause of a message comes from here, that of an open
 * breaker too: `mostReceives` depends on it.
 * @param receives how often the message has been received so far, from 1
 * @param random a number from 0 to 1
 * @param atLeastSeconds what the vendor, or a breaker, asks for
 */
export function nextDelaySeconds(receives: number, random: number, atLeastSeconds = 0): number {
  const floor = floorSeconds(receives);
  const spread = Math.ceil(floor + (ceilingSeconds(receives) - floor) * random);
  return Math.min(LONGEST_PAUSE_SECONDS, Math.max(spread, Math.ceil(atLeastSeconds)));
}

/** Whether a webhook that was first seen at this time has used up its retry budget. */
export function isExhausted(firstSeenAt: Date, now: Date): boolean {
  return now.getTime() - firstSeenAt.getTime() >= RETRY_SCHEDULE.budgetSeconds * 1000;
}

/**
 * How often a message can be received until its budget is used up: with every pause at its floor, and the receive that
 * finds the budget used up included. The queue's `maxReceiveCount` has to be larger.
 */
export function mostReceives(): number {
  let receives = 1;
  for (let elapsed = 0; elapsed < RETRY_SCHEDULE.budgetSeconds; receives += 1)
    elapsed += floorSeconds(receives);
  return receives;
}

/**
 * After so many receives a message for which there was no time is put on the buffer anew, and counts from 1. A receive for
 * lack of time is no failure and has no growing pause, so that a large batch at a low rate takes more of them than SQS
 * allows. From here, all receives of the schedule still fit below the queue's `maxReceiveCount`.
 */
export const FRESH_COPY_RECEIVES = 300;

/** How long a message can stay on the buffer by this schedule, in seconds: the queue has to retain it for longer. */
export const LONGEST_STAY_SECONDS = RETRY_SCHEDULE.budgetSeconds + LONGEST_PAUSE_SECONDS;
