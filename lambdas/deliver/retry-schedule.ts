/** The first pause and the longest one, in seconds. */
const BASE_SECONDS = 5;
const CAP_SECONDS = 900;

/** How long a webhook is tried before it is dead-lettered as `retries-exhausted`, in seconds (24 h). */
export const RETRY_BUDGET_SECONDS = 86_400;

/**
 * Seconds until the next attempt: exponential with full jitter, so that what failed together is not repeated together,
 * and never sooner than the vendor asked.
 * @param attempt the number of attempts so far, from 1
 * @param random a number from 0 to 1
 */
export function nextDelaySeconds(attempt: number, random: number, retryAfterSeconds = 0): number {
  const ceiling = Math.min(CAP_SECONDS, BASE_SECONDS * 2 ** Math.min(attempt - 1, 16));
  return Math.max(1, retryAfterSeconds, Math.ceil(ceiling * random));
}
