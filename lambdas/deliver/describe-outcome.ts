import type { BufferedWebhook } from '../buffer/buffered-webhook.ts';
import type { Mapped } from '../map/map-webhook.ts';
import type { AnswerFacts } from './classify-answer.ts';
import type { EventOutcome } from './event-outcome.ts';
import type { EventWork } from './event-work.ts';
import type { Unopenable } from './open-webhook.ts';
import type { BufferRecord } from './read-records.ts';

/** CloudWatch reads metrics out of log lines of this form (embedded metric format). A dimension's value is text. */
const EVENTS = {
  Namespace: 'WebhookAdapter',
  Dimensions: [['stage', 'source', 'event', 'code']],
  Metrics: [{ Name: 'Events', Unit: 'Count' }],
};

const CALLED_EVENTS = {
  ...EVENTS,
  Metrics: [...EVENTS.Metrics, { Name: 'CallDuration', Unit: 'Milliseconds' }],
};

const MESSAGES = {
  Namespace: 'WebhookAdapter',
  Dimensions: [['stage', 'source', 'code']],
  Metrics: [{ Name: 'UnopenedMessages', Unit: 'Count' }],
};

/** A line of the log: codes, counts, ids and times; never a value of the payload, a key or a secret. */
export type OutcomeLine = Readonly<Record<string, unknown>>;

/** What is logged of an event: what became of it, and the ids by which it is found at the door and at Webex Campaign. */
export function describeEvent(
  { mapped, webhook, record }: EventWork<Mapped>,
  { milliseconds, seconds, answer, ...outcome }: EventOutcome & { readonly seconds?: number },
  now: Date,
): OutcomeLine {
  const isCalled = milliseconds !== undefined;
  return {
    _aws: { Timestamp: now.getTime(), CloudWatchMetrics: [isCalled ? CALLED_EVENTS : EVENTS] },
    Events: 1,
    ...(isCalled && { CallDuration: milliseconds }),
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
  { messageId, attempts }: BufferRecord,
  { webhook, outcome }: Unopenable,
  { now, cause }: { readonly now: Date; readonly cause?: string },
): OutcomeLine {
  const { code, detail } = outcome;
  return {
    _aws: { Timestamp: now.getTime(), CloudWatchMetrics: [MESSAGES] },
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
export function describeBug({ messageId, attempts }: BufferRecord, bug: unknown, now: Date): OutcomeLine {
  return {
    _aws: { Timestamp: now.getTime(), CloudWatchMetrics: [MESSAGES] },
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
