import { RETRY_SCHEDULE } from '../../lambdas/deliver/retry-schedule.ts';
import { MONTH_SECONDS } from './assumptions.ts';
import { QUOTAS } from './limits.ts';
import type { StackFacts } from './stack-facts.ts';
import { batchSeconds, deliverRate, portionsOf, type Usage } from './usage.ts';

/** What an outage of Webex Campaign leaves behind. */
export type Drain = {
  readonly hours: number;
  /** Events that wait when it is over. */
  readonly waiting: number;
  /** Events that are older than the retry budget by then: they are dead letters. */
  readonly deadLettered: number;
  /** Seconds until the last has gone out, with what keeps coming; `undefined` where more comes than can go. */
  readonly seconds: number | undefined;
  /** Hours until SQS hands out no more messages, as too many are hidden until their next attempt. */
  readonly inFlightHours: number;
};

/** How long it takes to catch up after an outage of so many hours. */
export function drainAfter(hours: number, usage: Usage, facts: StackFacts): Drain {
  const events = (portionsOf(usage).fresh / MONTH_SECONDS) * usage.eventsPerWebhook;
  const budgetHours = RETRY_SCHEDULE.budgetSeconds / 3_600;
  const waiting = events * 3_600 * Math.min(hours, budgetHours);
  const spare = capacity(usage, facts) - events;
  return {
    hours,
    waiting,
    deadLettered: events * 3_600 * Math.max(0, hours - budgetHours),
    // The last to be tried in vain come back after the longest pause.
    seconds:
      spare > 0 ? Math.max(waiting / spare, hours > 0 ? RETRY_SCHEDULE.lastCeilingSeconds : 0) : undefined,
    inFlightHours: QUOTAS.inFlight / (deliverRate(usage) * 3_600),
  };
}

/** Events a second that can go out: by the tenant's rate, and by what the workers manage. */
function capacity(usage: Usage, facts: StackFacts): number {
  const { eventsPerSecond, concurrency, batchSize: size } = facts.deliver;
  const ofWorkers = ((concurrency * size) / batchSeconds(size, usage, facts)) * usage.eventsPerWebhook;
  return Math.min(eventsPerSecond, ofWorkers);
}
