import * as z from 'zod/mini';
import { type BufferMessage, decodeBufferedWebhook } from '../buffer/message.ts';
import type { DeadLetterCode, DeadLetterFailure } from '../dead-letter/note.ts';
import { eventsOf, type PreparedMappings } from '../map/webhook.ts';
import { fail, type Result, succeed } from '../result.ts';
import { parseBody } from '../webhook-body.ts';
import { noteOfUnopened } from './dead-letter.ts';
import type { ListedWebhook } from './ledger/known.ts';
import { formatBug, formatPaused, formatUnopened, type OnceAMinute } from './log-line.ts';
import type { DeadLettered, Unopenable } from './outcome.ts';
import { PAUSE_COPY_RECEIVES, pauseSeconds } from './pauses.ts';
import { FRESH_COPY_RECEIVES, nextDelaySeconds } from './retry-schedule.ts';
import { deliverEvents, endUnmapped, type Left, type WebhookDependencies } from './webhook.ts';
import type { BufferRecord } from './work.ts';

/** What deliver needs of the outside world to work on the messages of the buffer. */
export type DeliverDependencies = WebhookDependencies & {
  readonly mappings: PreparedMappings;
  /** Leaves a message on the buffer, invisible for so many seconds. */
  readonly hide: (
    receiptHandle: string,
    seconds: number,
  ) => Promise<Result<void, { readonly cause: string }>>;
  /** Whether a pause is to be logged now. */
  readonly isPauseToldNow: OnceAMinute;
  /** Puts a copy of a message on the buffer. */
  readonly putBack: (message: BufferMessage) => Promise<Result<void, { readonly cause: string }>>;
};

/** Whether a message has been worked off, or stays on the buffer. */
type Fate = 'done' | 'kept';

/**
 * Works on the records of a batch, all at the same time and each by itself: no webhook's outcome affects another's.
 * Returns the ids of the messages that stay on the buffer.
 */
export async function deliverBatch(
  records: readonly BufferRecord[],
  dependencies: DeliverDependencies,
): Promise<readonly string[]> {
  const fates = await Promise.all(
    records.map((record) =>
      // A bug that one webhook meets must not send the others of its batch back to the buffer.
      deliverWebhook(record, dependencies).catch((bug: unknown) => keepAfterBug(record, bug, dependencies)),
    ),
  );
  return records.flatMap(({ messageId }, index) => (fates[index] === 'done' ? [] : [messageId]));
}

function keepAfterBug(record: BufferRecord, bug: unknown, { log, now }: DeliverDependencies): Fate {
  log(formatBug(record, bug, now()));
  return 'kept';
}

/**
 * Brings the events of one message to their ends, as far as the function's time allows. The message goes once no event is
 * to be tried again. If it comes back for some of them, work goes on where it stopped.
 */
async function deliverWebhook(record: BufferRecord, dependencies: DeliverDependencies): Promise<Fate> {
  const { source: named = '' } = record.message.attributes;
  // The message may have a former name of the source.
  const source = dependencies.mappings.get(named)?.source ?? named;
  if (await dependencies.isPaused(source)) return keepPaused(record, source, dependencies);
  const opened = await openWebhook(record.message, dependencies.mappings);
  if (opened.ok)
    return keepLeft(record, await deliverEvents(record, opened.value, dependencies), dependencies);
  const { webhook, outcome } = opened.failure;
  const isUnmapped = outcome.code === 'no-mapping' && webhook !== undefined && webhook.replay === undefined;
  const left = isUnmapped ? await endUnmapped(record, webhook, dependencies) : undefined;
  return left === undefined
    ? deadLetterUnopened(record, opened.failure, dependencies)
    : keepLeft(record, left, dependencies);
}

async function keepLeft(
  record: BufferRecord,
  { pauses, isOutOfTime }: Left,
  dependencies: DeliverDependencies,
): Promise<Fate> {
  if (pauses.length === 0) return 'done';
  if (!isOutOfTime) return keep(record, Math.max(...pauses), dependencies);
  if (record.receives < FRESH_COPY_RECEIVES) return keep(record, Math.min(...pauses), dependencies);
  // SQS counts receives, and cannot know that these were no failures.
  const copied = await dependencies.putBack(record.message);
  return copied.ok ? 'done' : keep(record, Math.min(...pauses), dependencies);
}

/** Leaves a webhook of a paused source on the buffer, for as long as it takes. */
async function keepPaused(
  record: BufferRecord,
  source: string,
  dependencies: DeliverDependencies,
): Promise<Fate> {
  const { receives } = record;
  const { log, now, isPauseToldNow, putBack } = dependencies;
  const seconds = pauseSeconds(receives);
  // Each webhook's first, and then one a minute, which the alarm looks at.
  if (isPauseToldNow(now()) || receives === 1) log(formatPaused(record, { source, seconds }, now()));
  const copied = receives >= PAUSE_COPY_RECEIVES && (await putBack(record.message)).ok;
  return copied ? 'done' : keep(record, seconds, dependencies);
}

/** If the message cannot be hidden, it comes back when the queue's own visibility timeout has passed. */
async function keep(record: BufferRecord, seconds: number, { hide }: DeliverDependencies): Promise<Fate> {
  await hide(record.receiptHandle, seconds);
  return 'kept';
}

/** Reads a message, and lists the events of its webhook. */
async function openWebhook(
  message: BufferMessage,
  mappings: PreparedMappings,
): Promise<Result<ListedWebhook, Unopenable>> {
  const decoded = decodeBufferedWebhook(message);
  if (!decoded.ok) {
    return fail({ outcome: deadLetter('buffer', 'message-unreadable', decoded.failure.problems.join('; ')) });
  }
  const mapping = mappings.get(decoded.value.source);
  if (mapping === undefined)
    return fail({ webhook: decoded.value, outcome: deadLetter('map', 'no-mapping') });
  // The message may have a former name of the source.
  const webhook = { ...decoded.value, source: mapping.source };
  const body = parseBody(webhook.rawBody, webhook.bodyFormat, { form: mapping.form });
  if (!body.ok) return fail({ webhook, outcome: deadLetter('map', body.failure.code) });

  const events = await eventsOf(mapping, {
    source: webhook.source,
    eventTypes: webhook.eventTypes,
    headers: webhook.headers,
    receivedAt: webhook.receivedAt.toISOString(),
    body: body.value,
  });
  // Ingest buffers only webhooks that a mapping wants: this mapping was changed while the webhook waited.
  if (events.length === 0) return fail({ webhook, outcome: deadLetter('map', 'no-mapping') });
  return succeed({ webhook, mapping, events });
}

function deadLetter(stage: DeadLetterFailure['stage'], code: DeadLetterCode, detail?: string): DeadLettered {
  return { outcome: 'dead-letter', stage, code, ...(detail !== undefined && { detail }) };
}

/** Dead-letters a whole message: no event in the ledger stands for it, so the log line has all that is known of it. */
async function deadLetterUnopened(
  record: BufferRecord,
  unopenable: Unopenable,
  dependencies: DeliverDependencies,
): Promise<Fate> {
  const { now, log, putDeadLetter, random } = dependencies;
  const { receives } = record;
  const put = await putDeadLetter(record.message, noteOfUnopened(record, unopenable.outcome, now()));
  log(formatUnopened(record, unopenable, { now: now(), ...(!put.ok && put.failure) }));
  return put.ok ? 'done' : keep(record, nextDelaySeconds(receives, random()), dependencies);
}

/** The members of an SQS event that deliver uses. AWS may add others, so the schema is open. */
const sqsEventSchema = z.object({
  Records: z.array(
    z.object({
      messageId: z.string(),
      receiptHandle: z.string(),
      body: z.string(),
      attributes: z.object({
        ApproximateReceiveCount: z.coerce.number<string>().check(z.int(), z.minimum(1)),
        SentTimestamp: z.coerce.number<string>().check(z.int()),
      }),
      messageAttributes: z.record(z.string(), z.object({ stringValue: z.optional(z.string()) })),
    }),
  ),
});

/** Reads the records of an SQS event. Throws if AWS ever sends another shape: then no message could be settled. */
export function readRecords(event: unknown): readonly BufferRecord[] {
  return sqsEventSchema.parse(event).Records.map((record) => ({
    messageId: record.messageId,
    receiptHandle: record.receiptHandle,
    message: { body: record.body, attributes: stringAttributes(record.messageAttributes) },
    receives: record.attributes.ApproximateReceiveCount,
    bufferedAt: new Date(record.attributes.SentTimestamp),
  }));
}

function stringAttributes(
  attributes: Readonly<Record<string, { readonly stringValue?: string | undefined }>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, { stringValue }]) =>
      stringValue === undefined ? [] : [[name, stringValue]],
    ),
  );
}
