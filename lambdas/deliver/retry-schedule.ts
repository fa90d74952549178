/** A message is hidden for no longer than this after it was received (SQS developer guide, "Visibility timeout"). */
const SQS_MAX_VISIBILITY_SECONDS = 43_200;

/** Every number of the retry schedule, in seconds where it is a time. The stack's queues are derived from it. */
export const RETRY_SCHEDULE = {
  /** The longest that the first pause can be; each further one may be twice as long as the one before. */
  firstCeilingSeconds: 5,
  /** From here on the pauses grow no more: a message is late by a quarter of an hour at most once all works again. */
  lastCeilingSeconds: 900,
  /**
   * The shortest pause, as a part of the longest at that point. Without a floor that rises, a message's luck alone would
   * decide how often it is received, and SQS moves it to the dead letters after 1,000 receives at the latest.
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

function ceilingSeconds(attempt: number): number {
  const { firstCeilingSeconds, lastCeilingSeconds } = RETRY_SCHEDULE;
  return Math.min(lastCeilingSeconds, firstCeilingSeconds * 2 ** (attempt - 1));
}

function floorSeconds(attempt: number): number {
  return Math.ceil(ceilingSeconds(attempt) * RETRY_SCHEDULE.floorPart);
}

/**
 * Whole seconds until the next attempt: exponential, with jitter over all of the range between floor and ceiling, so
 * that what failed together is not repeated together. Whatever sends a message back to the buffer takes its pause from
 * here, an open breaker too: only then does `mostReceives` hold.
 * @param attempt how often the message has been received so far, from 1
 * @param random a number from 0 to 1
 * @param atLeastSeconds what the vendor, or a breaker, asks for
 */
export function nextDelaySeconds(attempt: number, random: number, atLeastSeconds = 0): number {
  const floor = floorSeconds(attempt);
  const spread = Math.ceil(floor + (ceilingSeconds(attempt) - floor) * random);
  return Math.min(LONGEST_PAUSE_SECONDS, Math.max(spread, Math.ceil(atLeastSeconds)));
}

/** Whether a webhook that was first seen then has been tried for as long as the budget allows. */
export function isExhausted(firstSeenAt: Date, now: Date): boolean {
  return now.getTime() - firstSeenAt.getTime() >= RETRY_SCHEDULE.budgetSeconds * 1000;
}

/**
 * How often a message is received at most until its budget is used up: every pause at its floor, the receive that finds
 * the budget used up included. The queue's `maxReceiveCount` has to be larger.
 */
export function mostReceives(): number {
  let receives = 1;
  for (let elapsed = 0; elapsed < RETRY_SCHEDULE.budgetSeconds; receives += 1)
    elapsed += floorSeconds(receives);
  return receives;
}

/** How long a message can stay on the buffer by this schedule, in seconds: the queue has to retain it for longer. */
export const LONGEST_STAY_SECONDS = RETRY_SCHEDULE.budgetSeconds + LONGEST_PAUSE_SECONDS;
