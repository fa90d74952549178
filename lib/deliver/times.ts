import { CALL_LIMITS, workerRate } from '../../lambdas/deliver/event-api/caller.ts';
import { LEFT_MILLISECONDS } from '../../lambdas/deliver/ledger/decision.ts';
import { LEDGER_DAYS } from '../../lambdas/deliver/ledger/entry.ts';
import {
  FRESH_COPY_RECEIVES,
  LONGEST_STAY_SECONDS,
  mostReceives,
} from '../../lambdas/deliver/retry-schedule.ts';

const DAY_SECONDS = 86_400;

/** SQS allows no more of either. */
const SQS_MAX_RECEIVES = 1_000;
const SQS_MAX_RETENTION_SECONDS = 14 * DAY_SECONDS;

/** The times that have to fit together, or events are lost or sent twice; in seconds where they are times. */
type DeliveryTimes = {
  /** How long a call of the event API may take. */
  readonly call: number;
  /** What the function needs beside a call: to settle it and to answer SQS. */
  readonly settle: number;
  /** The deliver function's timeout. */
  readonly timeout: number;
  /** How long a worker's claim of an event holds. */
  readonly lease: number;
  /** How long the buffer hides a message from other workers. */
  readonly visibility: number;
  readonly bufferRetention: number;
  readonly deadLetterRetention: number;
  readonly ledgerRetention: number;
  /** After this many receives SQS moves a message to the dead-letter queue. */
  readonly maxReceiveCount: number;
  /** How often the retry schedule receives a message at most, and how long it may keep it. */
  readonly mostReceives: number;
  /** After this many receives a message that lacked time is put on the buffer anew. */
  readonly freshCopyReceives: number;
  readonly longestStay: number;
  /** How long Lambda may wait for a batch to fill. */
  readonly batchingWindow: number;
  /** How long a person may take to look into the dead letters after an alarm. */
  readonly alarmToHuman: number;
  /** The ingest function's timeout, and how long API Gateway waits for it. */
  readonly ingest: number;
  readonly gateway: number;
};

const TIMEOUT_SECONDS = 30;

/** All of them follow from the limits of a call, the retry schedule, and what SQS allows at most. */
export const DELIVERY_TIMES: DeliveryTimes = {
  call: CALL_LIMITS.total / 1000,
  settle: LEFT_MILLISECONDS / 1000,
  timeout: TIMEOUT_SECONDS,
  // The clocks of two workers may differ a little.
  lease: TIMEOUT_SECONDS + 5,
  // Six times the timeout, as AWS advises for event sources (Lambda developer guide, "Using Lambda with SQS").
  visibility: TIMEOUT_SECONDS * 6,
  // As long as SQS keeps anything: time for a person to mend what keeps the function from working at all.
  bufferRetention: SQS_MAX_RETENTION_SECONDS,
  deadLetterRetention: SQS_MAX_RETENTION_SECONDS,
  ledgerRetention: LEDGER_DAYS * DAY_SECONDS,
  // Twice what the schedule can reach: it is the net for crash loops alone.
  maxReceiveCount: Math.min(SQS_MAX_RECEIVES, 2 * mostReceives()),
  mostReceives: mostReceives(),
  freshCopyReceives: FRESH_COPY_RECEIVES,
  longestStay: LONGEST_STAY_SECONDS,
  batchingWindow: 0,
  // A long weekend.
  alarmToHuman: 4 * DAY_SECONDS,
  // Longer than any vendor waits (providers.md, section 2): what is late is lost anyway.
  ingest: 10,
  // "Quotas for HTTP APIs": no integration may take longer.
  gateway: 30,
};

/** A rule, and a sentence for when it does not hold. */
type Rule = readonly [holds: boolean, sentence: string];

/** Every pair of times that does not fit together, as a sentence with its numbers. */
export function findUnfitTimes(times: DeliveryTimes): readonly string[] {
  const rules = [...workerRules(times), ...queueRules(times)];
  return rules.flatMap(([holds, sentence]) => (holds ? [] : [sentence]));
}

function workerRules(times: DeliveryTimes): readonly Rule[] {
  return [
    [
      times.timeout > times.call + times.settle,
      `the deliver function's timeout (${times.timeout} s) has to be longer than a call and its settling (${times.call} s + ${times.settle} s)`,
    ],
    [
      times.lease > times.timeout,
      `a claim (${times.lease} s) has to hold for longer than the deliver function can run (${times.timeout} s)`,
    ],
    [
      times.visibility >= times.lease,
      `the buffer has to hide a message (${times.visibility} s) until a dead worker's claim has run out (${times.lease} s)`,
    ],
    [
      times.visibility >= 6 * times.timeout + times.batchingWindow,
      `the buffer has to hide a message (${times.visibility} s) for six times the deliver function's timeout and the batching window (6 × ${times.timeout} s + ${times.batchingWindow} s)`,
    ],
    [
      times.ingest < times.gateway,
      `the ingest function's timeout (${times.ingest} s) has to be shorter than API Gateway waits for it (${times.gateway} s)`,
    ],
  ];
}

function queueRules(times: DeliveryTimes): readonly Rule[] {
  const retained = times.bufferRetention + times.deadLetterRetention;
  // What SQS moves keeps the time of its first send ("Dead-letter queues", SQS developer guide).
  const moved = Math.max(times.longestStay, times.maxReceiveCount * times.visibility);
  return [
    [
      times.maxReceiveCount > times.freshCopyReceives + times.mostReceives &&
        times.maxReceiveCount <= SQS_MAX_RECEIVES,
      `maxReceiveCount (${times.maxReceiveCount}) has to be above the receives after which a message is put on the buffer anew (${times.freshCopyReceives}) and what the retry schedule can reach then (${times.mostReceives}), and at most ${SQS_MAX_RECEIVES}`,
    ],
    [
      times.bufferRetention > times.longestStay,
      `the buffer has to retain a message (${times.bufferRetention} s) for longer than it is tried (${times.longestStay} s)`,
    ],
    [
      times.deadLetterRetention >= moved + times.alarmToHuman,
      `the dead-letter queue has to retain a message (${times.deadLetterRetention} s) for as long as SQS may take to move it there (${moved} s) and a person to come after the alarm (${times.alarmToHuman} s)`,
    ],
    [
      times.ledgerRetention >= retained,
      `the ledger has to keep an event (${times.ledgerRetention} s) for as long as its webhook can lie in both queues (${retained} s)`,
    ],
  ];
}

/** How fast Webex Campaign is called, and by how many. */
export type DeliveryRate = {
  /** Calls a second, all workers together. */
  readonly eventsPerSecond: number;
  /** Workers at a time. */
  readonly concurrency: number;
};

/** The rate of a stage without settings; five a second is little for any tenant, and its own limit is unpublished. */
const DEFAULT_RATE: DeliveryRate = { eventsPerSecond: 5, concurrency: 2 };

/** The rate by the settings, with the defaults. */
export function rateOf(settings: {
  readonly eventsPerSecond?: number | undefined;
  readonly concurrency?: number | undefined;
}): DeliveryRate {
  return {
    eventsPerSecond: settings.eventsPerSecond ?? DEFAULT_RATE.eventsPerSecond,
    concurrency: settings.concurrency ?? DEFAULT_RATE.concurrency,
  };
}

/** What SQS hands to a worker at once, unless the worker is too slow for that many. */
const LARGEST_BATCH = 10;

/** How long a worker can wait for its turn: what its time leaves beside a call and what comes after it; in seconds. */
const WAITING_SECONDS = DELIVERY_TIMES.timeout - DELIVERY_TIMES.call - DELIVERY_TIMES.settle;

/** Webhooks that a worker is handed at once: no more than it can call for in its time, since the others would go back. */
export function batchSizeOf(rate: DeliveryRate): number {
  return Math.max(1, Math.min(LARGEST_BATCH, Math.floor(shareOf(rate) * WAITING_SECONDS)));
}

/** What is wrong with a rate so low that a worker's turn does not come in its time, as a sentence with its numbers. */
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

/** Ends the synth where the rate and the times of delivery do not fit together: nothing may deploy with such numbers. */
export function refuseUnfitRate(rate: DeliveryRate): void {
  const unfit = [...findUnfitTimes(DELIVERY_TIMES), ...findUnfitRate(rate)];
  if (unfit.length === 0) return;
  throw new Error(`The rate and the times of delivery do not fit together:\n${unfit.join('\n')}`);
}

function shareOf({ eventsPerSecond, concurrency }: DeliveryRate): number {
  return workerRate({ eventsPerSecond, maxConcurrency: concurrency });
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
