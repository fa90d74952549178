import { workerRate } from '../../lambdas/deliver/rate-limit.ts';
import { DELIVERY_TIMES } from './delivery-times.ts';

/** How fast Webex Campaign is called, and by how many. */
export type DeliveryRate = {
  /** Calls a second, all workers together. */
  readonly eventsPerSecond: number;
  /** Workers at a time. */
  readonly concurrency: number;
};

/** What a stage gets that does not say; five a second is little for any tenant, and its own limit is unpublished. */
const DEFAULT_RATE: DeliveryRate = { eventsPerSecond: 5, concurrency: 2 };

/** The rate that settings come to. */
export function rateOf(settings: {
  readonly eventsPerSecond?: number | undefined;
  readonly concurrency?: number | undefined;
}): DeliveryRate {
  return {
    eventsPerSecond: settings.eventsPerSecond ?? DEFAULT_RATE.eventsPerSecond,
    concurrency: settings.concurrency ?? DEFAULT_RATE.concurrency,
  };
}

/** What SQS hands to a worker at once, unless it is too slow for so many. */
const LARGEST_BATCH = 10;

/** How long a worker can wait for its turn: what its time leaves beside a call and what comes after it; in seconds. */
const WAITING_SECONDS = DELIVERY_TIMES.timeout - DELIVERY_TIMES.call - DELIVERY_TIMES.settle;

/** Webhooks that a worker is handed at once: as many as it can call for in its time, since the others would go back. */
export function batchSizeOf(rate: DeliveryRate): number {
  return Math.max(1, Math.min(LARGEST_BATCH, Math.floor(shareOf(rate) * WAITING_SECONDS)));
}

/** What is wrong with a rate that is so low that a worker's turn does not come in its time, as a sentence with its numbers. */
export function findUnfitRate(rate: DeliveryRate): readonly string[] {
  const { eventsPerSecond, concurrency } = rate;
  const interval = 1 / shareOf(rate);
  if (interval <= WAITING_SECONDS) return [];
  const { timeout, call, settle } = DELIVERY_TIMES;
  const least = Math.ceil((concurrency / WAITING_SECONDS) * 100) / 100;
  return [
    `${eventsPerSecond}, shared by ${concurrency} workers, is a call every ${round(interval)} s each, ` +
      `and a worker can wait ${WAITING_SECONDS} s for its turn (${timeout} s, less ${call} s for the call and ${settle} s to settle it). ` +
      `Give ${least} at least, or fewer workers.`,
  ];
}

function shareOf({ eventsPerSecond, concurrency }: DeliveryRate): number {
  return workerRate({ eventsPerSecond, maxConcurrency: concurrency });
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
