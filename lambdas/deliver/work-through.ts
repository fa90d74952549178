import type { BufferedWebhook, BufferMessage } from '../buffer/buffered-webhook.ts';
import type { DeadLetterNote } from '../dead-letter/dead-letter-note.ts';
import type { Mapped } from '../map/map-webhook.ts';
import type { Result } from '../result.ts';
import {
  type DeliverDependencies,
  deliverMapped,
  type EventOutcome,
  type OpenedWebhook,
  openWebhook,
} from './deliver-webhook.ts';
import type { BufferRecord } from './read-records.ts';
import { nextDelaySeconds, RETRY_SCHEDULE } from './retry-schedule.ts';
import { type Failed, writeNote } from './write-note.ts';

type Done = Result<void, { readonly cause: string }>;

/** What deliver needs of the outside world to settle a message. */
export type WorkDependencies = DeliverDependencies & {
  /** Leaves a message on the buffer, unseen for so many seconds. */
  readonly hide: (receiptHandle: string, seconds: number) => Promise<Done>;
  /** Puts what is left of a webhook on the buffer, to be seen after so many seconds. */
  readonly putBack: (webhook: BufferedWebhook, seconds: number) => Promise<Done>;
  readonly putInDeadLetters: (message: BufferMessage, note: DeadLetterNote) => Promise<Done>;
  /** A number from 0 to 1. */
  readonly random: () => number;
};

/** What became of a message: its events' outcomes, in the order of the mapping. */
export type Work = {
  readonly webhook?: BufferedWebhook;
  readonly outcomes: readonly EventOutcome[];
  /** `kept`: it stays on the buffer. `continued`: what is left of it is a new message. */
  readonly settled: 'done' | 'kept' | 'continued' | 'dead-lettered';
  /** Why a message could not be hidden, put back or dead-lettered. */
  readonly cause?: string;
};

/** No new call is begun after so long: the last may take ten seconds, and the function's time ends at thirty. */
const WORKING_MILLISECONDS = 15_000;

/**
 * Works through the events of one message in order, each settled before the next begins. Where one has to wait, it and
 * all after it go back to the buffer: the ones before it are not repeated, since each call is a message to a customer.
 */
export async function workThrough(record: BufferRecord, dependencies: WorkDependencies): Promise<Work> {
  const opened = await openWebhook(record.message, dependencies.mappings);
  if (opened.ok) return workOn(record, opened.value, dependencies);

  const { webhook, outcome } = opened.failure;
  const note = writeNote(outcome, record.attempts, dependencies.now());
  const put = await dependencies.putInDeadLetters(record.message, note);
  const settled = put.ok ? 'dead-lettered' : 'kept';
  return { ...(webhook && { webhook }), outcomes: [outcome], settled, ...(!put.ok && put.failure) };
}

async function workOn(
  record: BufferRecord,
  { webhook, events }: OpenedWebhook,
  dependencies: WorkDependencies,
): Promise<Work> {
  const startedAt = dependencies.now().getTime();
  const first = webhook.eventsDone ?? 0;
  const outcomes: EventOutcome[] = [];
  let settled: Work['settled'] = 'done';

  for (const [offset, mapped] of events.slice(first).entries()) {
    const isLate = offset > 0 && dependencies.now().getTime() - startedAt > WORKING_MILLISECONDS;
    const end = isLate ? NOT_BEGUN : await workOnEvent(record, webhook, mapped, dependencies);
    outcomes.push(...end.outcomes);
    if (end.putOff !== undefined) {
      const stopped = await putOff(record, { webhook, index: first + offset, ...end.putOff }, dependencies);
      return { webhook, outcomes, ...stopped };
    }
    if (end.isDeadLettered) settled = 'dead-lettered';
  }
  return { webhook, outcomes, settled };
}

/** What became of one event: settled for good, or put off. */
type EventEnd = {
  readonly outcomes: readonly EventOutcome[];
  readonly isDeadLettered?: boolean;
  /** It is to be tried again after so many seconds; `cause` is what kept it from being settled. */
  readonly putOff?: { readonly seconds: number; readonly cause?: string };
};

const NOT_BEGUN: EventEnd = { outcomes: [], putOff: { seconds: 0 } };

async function workOnEvent(
  record: BufferRecord,
  webhook: BufferedWebhook,
  mapped: Mapped,
  dependencies: WorkDependencies,
): Promise<EventEnd> {
  const outcome = await deliverMapped(mapped, dependencies);
  const outcomes = [outcome];
  if (!isFailed(outcome)) return { outcomes };

  const { now, random } = dependencies;
  const since = Math.min(record.bufferedAt.getTime(), webhook.receivedAt.getTime());
  const isExhausted = now().getTime() - since > RETRY_SCHEDULE.budgetSeconds * 1000;
  if (outcome.outcome === 'retry-later' && !isExhausted) {
    const seconds = nextDelaySeconds(record.attempts, random(), outcome.retryAfterSeconds);
    return { outcomes, putOff: { seconds } };
  }
  const note = writeNote(outcome, record.attempts, now());
  const put = await dependencies.putInDeadLetters(record.message, note);
  if (put.ok) return { outcomes, isDeadLettered: true };
  return { outcomes, putOff: { seconds: nextDelaySeconds(record.attempts, random()), ...put.failure } };
}

async function putOff(
  record: BufferRecord,
  rest: NonNullable<EventEnd['putOff']> & { readonly webhook: BufferedWebhook; readonly index: number },
  { hide, putBack }: WorkDependencies,
): Promise<Pick<Work, 'settled' | 'cause'>> {
  const { webhook, index, seconds, cause } = rest;
  const why = cause === undefined ? {} : { cause };
  if (index === (webhook.eventsDone ?? 0)) {
    const hidden = await hide(record.receiptHandle, seconds);
    return { settled: 'kept', ...why, ...(!hidden.ok && hidden.failure) };
  }
  const put = await putBack({ ...webhook, eventsDone: index }, seconds);
  return put.ok ? { settled: 'continued', ...why } : { settled: 'kept', ...put.failure };
}

function isFailed(outcome: EventOutcome): outcome is Failed {
  return outcome.outcome === 'retry-later' || outcome.outcome === 'dead-letter';
}
