import type { BufferedWebhook } from '../buffer/buffered-webhook.ts';
import type { Mapped } from '../map/webhook.ts';
import { declareMetrics, type MetricDirective, unitsOf } from '../metric-directive.ts';
import type { AnswerFacts } from './classify-answer.ts';
import type { EventOutcome, Unopenable } from './event-outcome.ts';
import type { BufferRecord, EventWork } from './event-work.ts';
import { DELIVER_METRICS, type Measured, measureOutcome, measureWait } from './measure-outcome.ts';
import type { TakeProof } from './proof-clock.ts';

const EVENTS = declareMetrics(['stage', 'source', 'event', 'code'], { Events: 'Count' });
const MESSAGES = declareMetrics(['stage', 'source', 'code'], { UnopenedMessages: 'Count' });

/** A line of the log: codes, counts, ids and times; never a value of the payload, a key or a secret. */
export type OutcomeLine = Readonly<Record<string, unknown>>;

/** What is logged of an event: what became of it, and the ids by which it is found at the door and at Webex Campaign. */
export function describeEvent(
  { mapped, webhook, record }: EventWork<Mapped>,
  ended: EventOutcome & { readonly seconds?: number },
  { now, takeProof }: { readonly now: Date; readonly takeProof: TakeProof },
): OutcomeLine {
  const { milliseconds: _, seconds, answer, ...outcome } = ended;
  const measured = measureOutcome(ended, waitOf(record, now), () => takeProof(now));
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
export function describeUnopened(
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

/** What is logged where the ledger did not take a webhook's receipt. No metric: each event has one of its own. */
export function describeUnrecorded(
  { source, deduplicationId, webhookId }: BufferedWebhook,
  { cause }: { readonly cause: string },
): OutcomeLine {
  return { stage: 'deliver', code: 'receipt-not-recorded', cause, source, deduplicationId, webhookId };
}

/** What is logged of a message that met a bug before its events were reached. */
export function describeBug(record: BufferRecord, bug: unknown, now: Date): OutcomeLine {
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
