import * as z from 'zod/mini';
import { type BufferMessage, copyWebhook } from '../buffer/message.ts';
import { itemRangesSchema, writeItemRanges } from '../buffer/replay.ts';

/** Every reason for which we put a webhook on the dead-letter queue. */
const DEAD_LETTER_CODES = [
  'message-unreadable',
  'body-not-json',
  'body-too-deep',
  'no-mapping',
  'expression-failed',
  'value-not-text',
  'value-null',
  'parameter-missing',
  'event-key-missing',
  'event-key-invalid',
  'event-time-unreadable',
  'deduplication-id-unusable',
  'too-many-parameters',
  'payload-too-large',
  'webex-invalid-json',
  'webex-mandatory-field-missing',
  'webex-no-recommendation',
  'webex-not-found',
  'webex-method-not-supported',
  'webex-refused',
  'webex-redirected',
  'unconfirmed',
  'retries-exhausted',
  'too-old',
] as const;

export type DeadLetterCode = (typeof DEAD_LETTER_CODES)[number];

/** The version that is written. The first had no number; 1 and 2 are of one event at most. */
const VERSION = 3;

/**
 * The longest note, in bytes of JSON. SQS takes 1,048,576 bytes of body and attributes together; the buffer leaves so
 * many of them to the note (`MAX_MESSAGE_BYTES`).
 */
const MAX_NOTE_BYTES = 16_000;

export function isDeadLetterCode(code: string): code is DeadLetterCode {
  return DEAD_LETTER_CODES.some((known) => known === code);
}

/** Why a webhook is in the dead-letter queue. Facts only: no payload value, no key. */
export type DeadLetterNote = {
  /** All that failed, at least one. Events that failed alike are one failure. */
  readonly failures: readonly DeadLetterFailure[];
  /** Our own id of the delivery that the events are from. */
  readonly webhookId?: string | undefined;
  /** How often the webhook was received from the buffer. */
  readonly receives?: number | undefined;
  readonly deadLetteredAt: string;
};

/** What went wrong with the webhook as a whole, with one event, or alike with several items of a batch. */
export type DeadLetterFailure = Omit<z.infer<ReturnType<typeof failureSchema>>, 'items'> & {
  /** The items of a batch that the failure is of, from 0; missing where the event has no items. */
  readonly items?: readonly number[] | undefined;
};

// Built when a note is read. Deliver only writes notes: esbuild leaves the schemas out of its bundle.
function factsSchema() {
  return {
    /** The stage that could not go on. */
    stage: z.enum(['buffer', 'map', 'deliver']),
    code: z.enum(DEAD_LETTER_CODES),
    /** Where in the mapping it failed, or the outcome of the last attempt. */
    detail: z.optional(z.string()),
    /** The event of the mapping that failed, where one was reached. */
    event: z.optional(z.string()),
    /** Webex Campaign's answer: HTTP status, code, and the description with all masked that may be the customer's. */
    answer: z.optional(
      z.strictObject({
        status: z.int(),
        code: z.optional(z.string()),
        description: z.optional(z.string()),
      }),
    ),
    /** Set where an answer held one but proved no success: Webex Campaign can be asked about it. */
    transactionId: z.optional(z.string()),
    /** How many calls of Webex Campaign were made for the event, or may have been; of several events, the most. */
    attempts: z.int().check(z.minimum(0)),
    /** Of several events, the first of all and the last of all. */
    firstAttemptAt: z.optional(z.iso.datetime()),
    lastAttemptAt: z.optional(z.iso.datetime()),
    /** Changes whenever the mapping of the event does. */
    mappingVersion: z.optional(z.string()),
  };
}

function failureSchema() {
  return z.strictObject({
    ...factsSchema(),
    items: z.optional(itemRangesSchema()),
    /** The event's identity in the ledger, where it has one of its own; a note of several events leaves it out. */
    identity: z.optional(z.string()),
  });
}

/** What all versions say of the webhook. */
function webhookSchema() {
  return {
    webhookId: z.optional(z.string()),
    receives: z.optional(z.int().check(z.minimum(1))),
    deadLetteredAt: z.iso.datetime(),
  };
}

/** Versions 1 and 2: one failure, flat, of one item at most. */
function earlierSchema() {
  const item = z.optional(z.int().check(z.minimum(0)));
  const version = z._default(z.literal([1, 2]), 1);
  return z.pipe(
    z.strictObject({ ...factsSchema(), ...webhookSchema(), item, version }),
    z.transform(
      ({ version: _, item: one, webhookId, receives, deadLetteredAt, ...facts }): DeadLetterNote => ({
        failures: [{ ...facts, ...(one !== undefined && { items: [one] }) }],
        ...(webhookId !== undefined && { webhookId }),
        ...(receives !== undefined && { receives }),
        deadLetteredAt,
      }),
    ),
  );
}

/** Stage and code are repeated at the front, for a person who looks at the queue itself. */
function currentSchema() {
  const { stage, code } = factsSchema();
  return z.pipe(
    z.strictObject({
      stage,
      code,
      version: z.literal(VERSION),
      failures: z.array(failureSchema()).check(z.minLength(1)),
      ...webhookSchema(),
    }),
    z.transform(({ stage: _, code: __, version: ___, ...note }): DeadLetterNote => note),
  );
}

function storedSchema() {
  return z.union([currentSchema(), earlierSchema()]);
}

let schema: ReturnType<typeof storedSchema> | undefined;

/** The note as an SQS message attribute. */
export function noteAttributes(note: DeadLetterNote): Readonly<Record<string, string>> {
  return { note: writeNote(note) };
}

function writeNote({ failures, ...webhook }: DeadLetterNote): string {
  const [first] = failures;
  const written = failures.map(({ stage, code, event, items, ...facts }) => ({
    stage,
    code,
    event,
    ...(items && { items: writeItemRanges(items) }),
    ...facts,
  }));
  const head = { stage: first?.stage, code: first?.code, version: VERSION };
  // SQS refuses these two characters; JSON escapes all others that it refuses.
  return JSON.stringify({ ...head, failures: written, ...webhook }).replaceAll(
    /[\ufffe\uffff]/g,
    (refused) => `\\u${refused.charCodeAt(0).toString(16)}`,
  );
}

/** Whether a message has a note. SQS itself moves a message without one, after the function crashed on it. */
export function hasNote(attributes: Readonly<Record<string, string>>): boolean {
  return attributes.note !== undefined;
}

/** Reads a note; `undefined` where there is none, or where its version is newer. */
export function readNote(attributes: Readonly<Record<string, string>>): DeadLetterNote | undefined {
  try {
    schema ??= storedSchema();
    return schema.parse(JSON.parse(attributes.note ?? ''));
  } catch {
    return undefined;
  }
}

/**
 * Joins failures that are alike into one each. The facts of each event that differ are summed up: the ledger has them all.
 */
export function joinFailures(failures: readonly DeadLetterFailure[]): readonly DeadLetterFailure[] {
  const groups = new Map<string, DeadLetterFailure>();
  for (const group of Map.groupBy(failures, likenessOf).values()) {
    const [first, ...others] = group;
    if (first === undefined) continue;
    groups.set(likenessOf(first), others.length === 0 ? first : sumUp(first, group));
  }
  return [...groups.values()];
}

function likenessOf({
  stage,
  code,
  detail,
  event,
  items,
  answer,
  mappingVersion,
}: DeadLetterFailure): string {
  const isOfItems = items !== undefined;
  return JSON.stringify([
    stage,
    code,
    detail,
    event,
    isOfItems,
    answer?.status,
    answer?.code,
    mappingVersion,
  ]);
}

function sumUp(first: DeadLetterFailure, group: readonly DeadLetterFailure[]): DeadLetterFailure {
  const { identity: _, transactionId: __, ...facts } = first;
  const items = group.flatMap((one) => one.items ?? []);
  const firstAttemptAt = group.flatMap((one) => one.firstAttemptAt ?? []).sort()[0];
  const lastAttemptAt = group
    .flatMap((one) => one.lastAttemptAt ?? [])
    .sort()
    .at(-1);
  return {
    ...facts,
    ...(items.length > 0 && { items }),
    attempts: group.reduce((most, { attempts }) => Math.max(most, attempts), 0),
    ...(firstAttemptAt !== undefined && { firstAttemptAt }),
    ...(lastAttemptAt !== undefined && { lastAttemptAt }),
  };
}

/**
 * Splits what failed until each part's note fits into a message: mostly there is one part. Failures that are many and
 * unlike take several.
 */
export function splitForNotes<Failed>(
  failed: readonly Failed[],
  noteOf: (part: readonly Failed[]) => DeadLetterNote,
): readonly (readonly Failed[])[] {
  if (failed.length <= 1 || Buffer.byteLength(writeNote(noteOf(failed))) <= MAX_NOTE_BYTES) return [failed];
  const half = Math.ceil(failed.length / 2);
  return [failed.slice(0, half), failed.slice(half)].flatMap((part) => splitForNotes(part, noteOf));
}

/** The original webhook, unchanged, with the note beside it. */
export function deadLetterMessage(message: BufferMessage, note: DeadLetterNote): BufferMessage {
  return copyWebhook(message, noteAttributes(note));
}

/** The name of a stack's dead-letter queue. Commands find the queue by it. */
export function deadLetterQueueName(stackName: string): string {
  return `${stackName}-dead-letter`;
}
