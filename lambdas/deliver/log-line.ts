import type { BufferedWebhook } from '../buffer/message.ts';
import type { Mapped } from '../map/webhook.ts';
import { declareMetrics, type MetricDirective, type Unit, unitsOf } from '../metric-directive.ts';
import { provesFarSide } from './event-api/breaker.ts';
import type { AnswerFacts } from './event-api/verdict.ts';
import type { EventOutcome, RetryLaterCode, Unopenable } from './outcome.ts';
import type { BufferRecord, EventWork } from './work.ts';

const EVENTS = declareMetrics(['stage', 'source', 'event', 'code'], { Events: 'Count' });
const MESSAGES = declareMetrics(['stage', 'source', 'code'], { UnopenedMessages: 'Count' });

/** A line of the log: codes, counts, ids and times; never a value of the payload, a key or a secret. */
export type OutcomeLine = Readonly<Record<string, unknown>>;

/** What is logged of an event: what became of it, and the ids by which it is found at ingest and at Webex Campaign. */
export function formatEvent(
  { mapped, webhook, record }: EventWork<Mapped>,
  ended: EventOutcome & { readonly seconds?: number },
  { now, isFirstThisMinute }: { readonly now: Date; readonly isFirstThisMinute: OnceAMinute },
): OutcomeLine {
  const { milliseconds: _, seconds, answer, ...outcome } = ended;
  const measured = measureOutcome(ended, waitOf(record, now), () => isFirstThisMinute(now));
  return {
    ...writeMetrics(EVENTS, measured, now),
    Events: 1,
    // A delivered event has no other code.
    code: outcome.outcome,
    ...outcome,
    ...(answer && { answer: factsOf(answer) }),
    ...(seconds !== undefined && { retrySeconds: seconds }),
    stage: 'deliver',
    source: webhook.source,
    event: mapped.name,
    ...(mapped.item !== undefined && { item: mapped.item }),
    eventTypes: webhook.eventTypes,
    deduplicationId: webhook.deduplicationId,
    webhookId: webhook.webhookId,
    mappingVersion: mapped.terms.mappingVersion,
    receives: record.attempts,
  };
}

/** Masked or not, the vendor's words are for the note and the ledger, which have fewer readers. */
function factsOf({ status, code }: AnswerFacts): AnswerFacts {
  return { status, ...(code !== undefined && { code }) };
}

/** What is logged of a message in which no event was found. */
export function formatUnopened(
  record: BufferRecord,
  { webhook, outcome }: Unopenable,
  { now, cause }: { readonly now: Date; readonly cause?: string },
): OutcomeLine {
  const { code, detail } = outcome;
  const { messageId, attempts } = record;
  const measured =
    cause === undefined ? { DeadLetters: 1 } : { Faults: 1, ...measureWait(waitOf(record, now)) };
  return {
    ...writeMetrics(MESSAGES, measured, now),
    UnopenedMessages: 1,
    stage: 'deliver',
    source: webhook?.source ?? 'unknown',
    code,
    outcome: cause === undefined ? 'dead-letter' : 'retry-later',
    ...(detail !== undefined && { detail }),
    ...(cause !== undefined && { cause }),
    ...(webhook && {
      eventTypes: webhook.eventTypes,
      deduplicationId: webhook.deduplicationId,
      webhookId: webhook.webhookId,
    }),
    messageId,
    receives: attempts,
  };
}

/** What is logged where the ledger did not take a webhook's intake record. No metric: each event has one of its own. */
export function formatUnrecorded(
  { source, deduplicationId, webhookId }: BufferedWebhook,
  { cause }: { readonly cause: string },
): OutcomeLine {
  return { stage: 'deliver', code: 'intake-record-not-written', cause, source, deduplicationId, webhookId };
}

/** What is logged of a message that met a bug before its events were reached. */
export function formatBug(record: BufferRecord, bug: unknown, now: Date): OutcomeLine {
  const { messageId, attempts } = record;
  return {
    ...writeMetrics(MESSAGES, { Faults: 1, ...measureWait(waitOf(record, now)) }, now),
    UnopenedMessages: 1,
    stage: 'deliver',
    source: 'unknown',
    code: 'internal-error',
    outcome: 'retry-later',
    cause: bug instanceof Error ? bug.name : 'unknown',
    messageId,
    receives: attempts,
  };
}

/** What makes metrics of a line: how they are counted one by one, and what they mean for deliver as a whole. */
function writeMetrics(counted: MetricDirective, measured: Measured, now: Date): object {
  const ofDeliver = declareMetrics([], unitsOf(measured, DELIVER_METRICS));
  const directives = ofDeliver.Metrics.length > 0 ? [counted, ofDeliver] : [counted];
  return { _aws: { Timestamp: now.getTime(), CloudWatchMetrics: directives }, ...measured };
}

function waitOf({ bufferedAt }: BufferRecord, now: Date): number {
  return now.getTime() - bufferedAt.getTime();
}

/** What is measured of deliver as a whole, beside what is counted by event and code. */
const DELIVER_METRICS = {
  CallDuration: 'Milliseconds',
  /** From the buffer to Webex Campaign's "accepted". A replay counts from when it was put back. */
  DeliveryDelay: 'Milliseconds',
  /** How old an event is that waits, for a reason that has no alarm of its own. */
  WaitingTime: 'Seconds',
  /**
   * An event waits, as no key works, the vendor throttles, …: 1 while it is so, 0 once a call proves that it is over (and
   * once a minute while it is not so).
   */
  PausedByCredentials: 'Count',
  PausedByThrottling: 'Count',
  PausedByEndpoint: 'Count',
  PausedByKeys: 'Count',
  PausedByLedger: 'Count',
  DeadLetters: 'Count',
  UnconfirmedEvents: 'Count',
  /** Whether a call was made with the secondary key; that it was not is told once a minute. */
  SpareKeyCalls: 'Count',
  /** A bug, or a dead letter that could not be written. */
  Faults: 'Count',
} as const satisfies Readonly<Record<string, Unit>>;

export type DeliverMetric = keyof typeof DELIVER_METRICS;
type Measured = Readonly<Partial<Record<DeliverMetric, number>>>;

const PROVEN_WELL: Measured = {
  PausedByCredentials: 0,
  PausedByThrottling: 0,
  PausedByEndpoint: 0,
  PausedByKeys: 0,
  PausedByLedger: 0,
};

/** What an event that waits stands for. A single failure of the endpoint is none of it: the breaker has to open first. */
const KEPT_BY: Readonly<Record<RetryLaterCode, DeliverMetric | undefined>> = {
  'webex-credentials-refused': 'PausedByCredentials',
  'paused-credentials': 'PausedByCredentials',
  'webex-throttled': 'PausedByThrottling',
  'paused-throttled': 'PausedByThrottling',
  'webex-wrong-endpoint': 'PausedByEndpoint',
  'paused-endpoint': 'PausedByEndpoint',
  'secret-missing': 'PausedByKeys',
  'secret-invalid': 'PausedByKeys',
  'secret-unreadable': 'PausedByKeys',
  'ledger-unavailable': 'PausedByLedger',
  'internal-error': 'Faults',
  'dead-letter-unavailable': 'Faults',
  'webex-unreachable': undefined,
  unconfirmed: 'UnconfirmedEvents',
  busy: undefined,
  'not-begun': undefined,
};

/** Reasons to wait whose alarm pages: that an event is late then is no news. */
const PAGED: readonly (DeliverMetric | undefined)[] = [
  'PausedByCredentials',
  'PausedByEndpoint',
  'PausedByKeys',
  'PausedByLedger',
];

/** A refusal that is a business answer and no fault: nobody has to hurry for it. */
const EXPECTED_REFUSAL = 'webex-no-recommendation';

/**
 * What an outcome counts for: what alarms watch.
 * @param waitedMilliseconds since the webhook was put on the buffer
 * @param isFirst asked where the outcome proves that nothing is wrong: whether that is to be told
 */
export function measureOutcome(
  outcome: EventOutcome,
  waitedMilliseconds: number,
  isFirst: () => boolean,
): Measured {
  const { milliseconds, keyUsed } = outcome;
  return {
    ...(milliseconds !== undefined && { CallDuration: milliseconds }),
    ...measureEnd(outcome, waitedMilliseconds),
    ...(provesAll(outcome) && isFirst() && proofOf(outcome)),
    ...(keyUsed === 'secondary' && { SpareKeyCalls: 1 }),
  };
}

function measureEnd(outcome: EventOutcome, waitedMilliseconds: number): Measured {
  switch (outcome.outcome) {
    case 'delivered':
      return { DeliveryDelay: waitedMilliseconds };
    case 'retry-later': {
      const keptBy = KEPT_BY[outcome.code];
      return {
        ...(keptBy !== undefined && { [keptBy]: 1 }),
        ...(!PAGED.includes(keptBy) && measureWait(waitedMilliseconds)),
      };
    }
    case 'dead-letter':
      return {
        ...(outcome.code !== EXPECTED_REFUSAL && { DeadLetters: 1 }),
        ...(outcome.code === 'unconfirmed' && { UnconfirmedEvents: 1 }),
      };
    case 'skipped':
    case 'duplicate':
    case 'expired':
      return {};
  }
}

/** What waits for whatever reason, be it that of a whole message. */
function measureWait(waitedMilliseconds: number): Measured {
  return { WaitingTime: Math.round(waitedMilliseconds / 1000) };
}

/** A call that was answered in Webex Campaign's own words proves that all is well. */
function provesAll(ended: EventOutcome): boolean {
  if (ended.outcome !== 'dead-letter') return ended.outcome === 'delivered';
  return ended.milliseconds !== undefined && provesFarSide(ended.code);
}

/** Of the ledger it is proven only if that took the answer, of the keys only by the one that was used. */
function proofOf({ cause, keyUsed }: EventOutcome): Measured {
  const { PausedByLedger: ledger, ...others } = PROVEN_WELL;
  return {
    ...others,
    ...(cause === undefined && { PausedByLedger: ledger }),
    ...(keyUsed === 'primary' && { SpareKeyCalls: 0 }),
  };
}

/** Whether a call's proof that nothing is wrong is to be written down; whoever asks is expected to do it. */
export type OnceAMinute = (now: Date) => boolean;

/** CloudWatch looks at a whole minute: what is said once in it need not be said, and paid for, with every event. */
const PROOF_MILLISECONDS = 60_000;

/** Gives leave for a proof once a minute, the first time at once. */
export function createOnceAMinute(): OnceAMinute {
  let takenAt: number | undefined;
  return (now) => {
    const isDue = takenAt === undefined || now.getTime() - takenAt >= PROOF_MILLISECONDS;
    if (isDue) takenAt = now.getTime();
    return isDue;
  };
}
