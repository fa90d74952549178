import * as z from 'zod/mini';

/** Every reason for which a webhook ends in the dead-letter queue by our own decision. */
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

/** The version that is written. One without a number is the first, which had fewer members. */
const VERSION = 2;

export function isDeadLetterCode(code: string): code is DeadLetterCode {
  return DEAD_LETTER_CODES.some((known) => known === code);
}

/** Why a webhook is in the dead-letter queue. Facts only: no payload value, no key. */
export type DeadLetterNote = z.infer<ReturnType<typeof noteSchema>>;

// Made when a note is read. Deliver only writes notes: esbuild leaves the schemas out of its bundle.
function noteSchema() {
  return z.strictObject({
    /** The stage that could not go on. */
    stage: z.enum(['buffer', 'map', 'deliver']),
    code: z.enum(DEAD_LETTER_CODES),
    /** Where in the mapping it failed, or what the last retried attempt met. */
    detail: z.optional(z.string()),
    /** The event of the mapping that failed, where it came to that. */
    event: z.optional(z.string()),
    /** Which item of a batch it is of, from 0. */
    item: z.optional(z.int().check(z.minimum(0))),
    /** What Webex Campaign answered: HTTP status, code, and the description with all masked that may be the customer's. */
    answer: z.optional(
      z.strictObject({
        status: z.int(),
        code: z.optional(z.string()),
        description: z.optional(z.string()),
      }),
    ),
    /** Given where an answer held one though it proved no success: Webex Campaign can be asked about it. */
    transactionId: z.optional(z.string()),
    /** The delivery that the event was taken from: our own id of it. */
    webhookId: z.optional(z.string()),
    /** How often Webex Campaign was called for the event, or may have been. */
    attempts: z.int().check(z.minimum(0)),
    /** How often the webhook was taken from the buffer. */
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

let madeSchema: ReturnType<typeof storedSchema> | undefined;

/** The note as an SQS message attribute. Stage and code come first, for whoever looks at the queue itself. */
export function noteAttributes({ stage, code, ...rest }: DeadLetterNote): Readonly<Record<string, string>> {
  return { note: JSON.stringify({ stage, code, version: VERSION, ...rest }) };
}

/** Whether a message has a note at all. One that SQS itself has moved has none: the function had crashed on it. */
export function hasNote(attributes: Readonly<Record<string, string>>): boolean {
  return attributes.note !== undefined;
}

/** Reads a note back; `undefined` where there is none, or one of a version to come. */
export function readNote(attributes: Readonly<Record<string, string>>): DeadLetterNote | undefined {
  try {
    madeSchema ??= storedSchema();
    const { version: _, ...note } = madeSchema.parse(JSON.parse(attributes.note ?? ''));
    return note;
  } catch {
    return undefined;
  }
}
