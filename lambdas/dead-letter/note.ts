import * as z from 'zod/mini';

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
] as const;

export type DeadLetterCode = (typeof DEAD_LETTER_CODES)[number];

/** The version that is written. A note without a number is of the first version, which had fewer members. */
const VERSION = 2;

export function isDeadLetterCode(code: string): code is DeadLetterCode {
  return DEAD_LETTER_CODES.some((known) => known === code);
}

/** Why a webhook is in the dead-letter queue. Facts only: no payload value, no key. */
export type DeadLetterNote = z.infer<ReturnType<typeof noteSchema>>;

// Built when a note is read. Deliver only writes notes: esbuild leaves the schemas out of its bundle.
function noteSchema() {
  return z.strictObject({
    /** The stage that could not go on. */
    stage: z.enum(['buffer', 'map', 'deliver']),
    code: z.enum(DEAD_LETTER_CODES),
    /** Where in the mapping it failed, or the outcome of the last attempt. */
    detail: z.optional(z.string()),
    /** The event of the mapping that failed, where one was reached. */
    event: z.optional(z.string()),
    /** The item of a batch that the event is of, from 0. */
    item: z.optional(z.int().check(z.minimum(0))),
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
    /** Our own id of the delivery that the event is from. */
    webhookId: z.optional(z.string()),
    /** How many calls of Webex Campaign were made for the event, or may have been. */
    attempts: z.int().check(z.minimum(0)),
    /** How often the webhook was received from the buffer. */
    receives: z.optional(z.int().check(z.minimum(1))),
    firstAttemptAt: z.optional(z.iso.datetime()),
    lastAttemptAt: z.optional(z.iso.datetime()),
    /** Changes whenever the mapping of the event does. */
    mappingVersion: z.optional(z.string()),
    deadLetteredAt: z.iso.datetime(),
  });
}

function storedSchema() {
  return z.extend(noteSchema(), { version: z._default(z.literal([1, VERSION]), 1) });
}

let schema: ReturnType<typeof storedSchema> | undefined;

/** The note as an SQS message attribute. Stage and code come first, for a person who looks at the queue itself. */
export function noteAttributes({ stage, code, ...rest }: DeadLetterNote): Readonly<Record<string, string>> {
  return { note: JSON.stringify({ stage, code, version: VERSION, ...rest }) };
}

/** Whether a message has a note. SQS itself moves a message without one, after the function crashed on it. */
export function hasNote(attributes: Readonly<Record<string, string>>): boolean {
  return attributes.note !== undefined;
}

/** Reads a note; `undefined` where there is none, or where its version is newer. */
export function readNote(attributes: Readonly<Record<string, string>>): DeadLetterNote | undefined {
  try {
    schema ??= storedSchema();
    const { version: _, ...note } = schema.parse(JSON.parse(attributes.note ?? ''));
    return note;
  } catch {
    return undefined;
  }
}
