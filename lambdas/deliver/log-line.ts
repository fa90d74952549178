import type { BufferedWebhook } from '../buffer/message.ts';
import type { Mapped } from '../map/webhook.ts';
import { declareMetrics, type MetricDirective, type Unit, unitsOf } from '../metric-directive.ts';
import { type AnswerFacts, faultOf, provesKeyAndEndpoint } from './event-api/verdict.ts';
import type { EventOutcome, RetryLaterCode, Unopenable } from './outcome.ts';
import type { BufferRecord, EventWork } from './work.ts';

const EVENTS = declareMetrics(['stage', 'source', 'event', 'code'], { Events: 'Count' });
const MESSAGES = declareMetrics(['stage', 'source', 'code'], { UnopenedMessages: 'Count' });

/** A line of the log: codes, counts, ids and times; never a value of the payload, a key or a secret. */
export type OutcomeLine = Readonly<Record<string, unknown>>;

/** An event that is logged; one that the mapping no longer has is without terms. */
type LoggedEvent = Pick<EventWork<Mapped>, 'webhook' | 'record'> & {
  readonly mapped: Pick<Mapped, 'name' | 'item'> &
    Partial<Pick<Mapped, 'terms'>> &
    Partial<Pick<Extract<Mapped, { kind: 'event' }>, 'event' | 'leftOut'>>;
};

/** What is logged of an event: what became of it, and the ids by which it is found at ingest and at Webex Campaign. */
export function formatEvent(
  work: LoggedEvent,
  ended: EventOutcome,
  time: { readonly now: Date; readonly isFirstThisMinute: OnceAMinute },
): OutcomeLine {
  try {
    return formatOutcome(work, ended, time);
  } catch (bug) {
    // The event has its outcome by now: a line that cannot be formatted must not keep the others of its webhook waiting.
    return formatUnformatted(work, ended, { now: time.now, bug });
  }
}

function formatUnformatted(
  { mapped, webhook, record }: LoggedEvent,
  { outcome }: EventOutcome,
  { now, bug }: { readonly now: Date; readonly bug: unknown },
): OutcomeLine {
  return {
    ...writeMetrics(EVENTS, { Faults: 1 }, now),
    Events: 1,
    code: 'internal-error',
    outcome,
    faults: [faultOf('line-not-formatted', bug)],
    stage: 'deliver',
    source: webhook.source,
    event: mapped.name,
    deduplicationId: webhook.deduplicationId,
    webhookId: webhook.webhookId,
    receives: record.receives,
  };
}

function formatOutcome(
  { mapped, webhook, record }: LoggedEvent,
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
    ...(mapped.terms && { mappingVersion: mapped.terms.mappingVersion }),
    receives: record.receives,
    ...(ENDS_WITH_PARAMETERS.includes(outcome.outcome) && findMissing(mapped)),
  };
}

/** Only the end of an event names its missing parameters: a repeated line would only repeat them. */
const ENDS_WITH_PARAMETERS: readonly EventOutcome['outcome'][] = ['delivered', 'dead-letter'];

/**
 * The names of the parameters that were not sent, or are blank, a line each; nothing if there are none. It is a text and no
 * list, so that CloudWatch Logs Insights can group by it.
 */
function findMissing({ event, leftOut = [] }: LoggedEvent['mapped']): { readonly missing?: string } {
  const blank = Object.entries(event?.params ?? {}).filter(([, value]) => value.trim() === '');
  const names = [...leftOut.map(({ parameter }) => parameter), ...blank.map(([name]) => name)];
  return names.length > 0 ? { missing: names.join('\n') } : {};
}

/** Without the vendor's words: even masked, they are for the note and the ledger, which fewer people read. */
function factsOf({ status, code }: AnswerFacts): AnswerFacts {
  return { status, ...(code !== undefined && { code }) };
}

/** What is logged of a message that cannot be opened. */
export function formatUnopened(
  record: BufferRecord,
  { webhook, outcome }: Unopenable,
  { now, cause }: { readonly now: Date; readonly cause?: string },
): OutcomeLine {
  const { code, detail } = outcome;
  const { messageId, receives } = record;
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
    receives,
  };
}

/** What is logged if a webhook's intake record could not be written. It has no metric: each event has one of its own. */
export function formatUnrecorded(
  { source, deduplicationId, webhookId }: BufferedWebhook,
  { cause }: { readonly cause: string },
): OutcomeLine {
  return { stage: 'deliver', code: 'intake-record-not-written', cause, source, deduplicationId, webhookId };
}

/**
 * What is logged of a probe whose answer is none that a probe can have. No event was called for; the next one is, in place
 * of the probe.
 */
export function formatUnknownProbe(answer: AnswerFacts, now: Date): OutcomeLine {
  const measured = { ProbesNotUnderstood: 1 };
  const directives = [declareMetrics([], unitsOf(measured, DELIVER_METRICS))];
  return {
    _aws: { Timestamp: now.getTime(), CloudWatchMetrics: directives },
    ...measured,
    stage: 'deliver',
    code: 'probe-not-understood',
    answer: factsOf(answer),
  };
}

/** What is logged of a webhook whose source a person has paused: nothing of it was looked at. */
export function formatPaused(
  { messageId, receives, message }: BufferRecord,
  { source, seconds }: { readonly source: string; readonly seconds: number },
  now: Date,
): OutcomeLine {
  const measured = { PausedByPerson: 1 };
  const directives = [declareMetrics([], unitsOf(measured, DELIVER_METRICS))];
  return {
    _aws: { Timestamp: now.getTime(), CloudWatchMetrics: directives },
    ...measured,
    stage: 'deliver',
    source,
    code: 'paused-by-person',
    outcome: 'retry-later',
    retrySeconds: seconds,
    webhookId: message.attributes['webhook-id'],
    messageId,
    receives,
  };
}

/** What is logged of a message that met a bug before its events were reached. */
export function formatBug(record: BufferRecord, bug: unknown, now: Date): OutcomeLine {
  const { messageId, receives } = record;
  return {
    ...writeMetrics(MESSAGES, { Faults: 1, ...measureWait(waitOf(record, now)) }, now),
    UnopenedMessages: 1,
    stage: 'deliver',
    source: 'unknown',
    code: 'internal-error',
    outcome: 'retry-later',
    cause: bug instanceof Error ? bug.name : 'unknown',
    messageId,
    receives,
  };
}

/** The members that make metrics of a line: how it is counted, and what was measured of deliver as a whole. */
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
  /** How old an event is that waits for a reason without an alarm of its own. */
  WaitingTime: 'Seconds',
  /**
   * An event waits because no key works, the vendor throttles, …: 1 while that lasts, 0 once a call proves that it is
   * over (and once a minute as long as calls prove it).
   */
  PausedByCredentials: 'Count',
  PausedByThrottling: 'Count',
  PausedByEndpoint: 'Count',
  PausedByKeys: 'Count',
  PausedByLedger: 'Count',
  /** A webhook waits because a person has paused its source. */
  PausedByPerson: 'Count',
  DeadLetters: 'Count',
  UnconfirmedEvents: 'Count',
  /** Probes of an open breaker with an answer that none should have: an event was sent in their place. */
  ProbesNotUnderstood: 'Count',
  /** 1 for a call with the secondary key; 0 once a minute while calls are made with the primary. */
  SpareKeyCalls: 'Count',
  /** A bug, one beside a call included, or a dead letter that could not be written. */
  Faults: 'Count',
} as const satisfies Readonly<Record<string, Unit>>;

export type DeliverMetric = keyof typeof DELIVER_METRICS;
type Measured = Readonly<Partial<Record<DeliverMetric, number>>>;

const ALL_WELL: Measured = {
  PausedByCredentials: 0,
  PausedByThrottling: 0,
  PausedByEndpoint: 0,
  PausedByKeys: 0,
  PausedByLedger: 0,
};

/** What an event waits for. A single failure of the endpoint counts for nothing: the breaker has to open first. */
const PAUSED_BY: Readonly<Record<RetryLaterCode, DeliverMetric | undefined>> = {
  'webex-credentials-refused': 'PausedByCredentials',
  'paused-credentials': 'PausedByCredentials',
  'webex-throttled': 'PausedByThrottling',
  'paused-throttled': 'PausedByThrottling',
  'webex-wrong-endpoint': 'PausedByEndpoint',
  'paused-endpoint': 'PausedByEndpoint',
  'paused-by-person': 'PausedByPerson',
  'secret-missing': 'PausedByKeys',
  'secret-invalid': 'PausedByKeys',
  'secret-unreadable': 'PausedByKeys',
  'ledger-unavailable': 'PausedByLedger',
  'internal-error': 'Faults',
  'dead-letter-unavailable': 'Faults',
  'webex-unreachable': undefined,
  'webex-unavailable': undefined,
  unconfirmed: 'UnconfirmedEvents',
  busy: undefined,
  'not-begun': undefined,
};

/** Reasons to wait whose own alarm pages somebody: `WaitingTime` would only repeat it. */
const PAGED: readonly (DeliverMetric | undefined)[] = [
  'PausedByCredentials',
  'PausedByEndpoint',
  'PausedByKeys',
  'PausedByLedger',
  'PausedByPerson',
];

/** A refusal that is a business answer and no fault: it is no reason for an alarm. */
const EXPECTED_REFUSAL = 'webex-no-recommendation';

/**
 * What is measured of an outcome: what alarms watch.
 * @param waitedMilliseconds since the webhook was put on the buffer
 * @param isFirst asked if the outcome proves that all is well: whether that is to be logged
 */
export function measureOutcome(
  outcome: EventOutcome,
  waitedMilliseconds: number,
  isFirst: () => boolean,
): Measured {
  const { milliseconds, keyUsed, faults } = outcome;
  return {
    ...(milliseconds !== undefined && { CallDuration: milliseconds }),
    ...measureEnd(outcome, waitedMilliseconds),
    ...(provesAll(outcome) && isFirst() && proofOf(outcome)),
    ...(keyUsed === 'secondary' && { SpareKeyCalls: 1 }),
    ...(faults && { Faults: 1 }),
  };
}

function measureEnd(outcome: EventOutcome, waitedMilliseconds: number): Measured {
  switch (outcome.outcome) {
    case 'delivered':
      return { DeliveryDelay: waitedMilliseconds };
    case 'retry-later': {
      const pausedBy = PAUSED_BY[outcome.code];
      return {
        ...(pausedBy !== undefined && { [pausedBy]: 1 }),
        ...(!PAGED.includes(pausedBy) && measureWait(waitedMilliseconds)),
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

function measureWait(waitedMilliseconds: number): Measured {
  return { WaitingTime: Math.round(waitedMilliseconds / 1000) };
}

/** A call that Webex Campaign's application itself answered proves that all is well. */
function provesAll(ended: EventOutcome): boolean {
  if (ended.outcome !== 'dead-letter') return ended.outcome === 'delivered';
  return ended.milliseconds !== undefined && provesKeyAndEndpoint(ended.code);
}

/** The ledger is proven only if it took the answer, the primary key only if it was used. */
function proofOf({ cause, keyUsed }: EventOutcome): Measured {
  const { PausedByLedger: ledger, ...others } = ALL_WELL;
  return {
    ...others,
    ...(cause === undefined && { PausedByLedger: ledger }),
    ...(keyUsed === 'primary' && { SpareKeyCalls: 0 }),
  };
}

/** Whether a call's proof that all is well is to be logged now; asking takes the minute's only yes. */
export type OnceAMinute = (now: Date) => boolean;

/** Alarms look at whole minutes: one proof a minute is enough, and each costs its bytes. */
const MINUTE_MILLISECONDS = 60_000;

/** Says yes at once, and then once a minute. */
export function createOnceAMinute(): OnceAMinute {
  let takenAt: number | undefined;
  return (now) => {
    const isDue = takenAt === undefined || now.getTime() - takenAt >= MINUTE_MILLISECONDS;
    if (isDue) takenAt = now.getTime();
    return isDue;
  };
}
