import * as z from 'zod';

/** Every reason for which a webhook ends in the dead-letter queue by our own decision. */
const DEAD_LETTER_CODES = [
  'message-unreadable',
  'body-not-json',
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

/** Why a webhook is in the dead-letter queue. Facts only: no payload value, no key, no description of the vendor's. */
const noteSchema = z.strictObject({
  /** The stage that could not go on. */
  stage: z.enum(['buffer', 'map', 'deliver']),
  code: z.enum(DEAD_LETTER_CODES),
  /** Where in the mapping it failed, or what the last retried attempt met. */
  detail: z.string().optional(),
  /** The event of the mapping that failed, where it came to that. */
  event: z.string().optional(),
  /** Which item of a batch it is of, from 0. */
  item: z.int().min(0).optional(),
  /** What Webex Campaign answered: HTTP status, and the code in the body. */
  answer: z.strictObject({ status: z.int(), code: z.string().optional() }).optional(),
  /** How often Webex Campaign was called for the event, or may have been. */
  attempts: z.int().min(0),
  /** How often the webhook was taken from the buffer. */
  receives: z.int().min(1).optional(),
  firstAttemptAt: z.iso.datetime().optional(),
  lastAttemptAt: z.iso.datetime().optional(),
  /** Changes whenever the mapping of the event does. */
  mappingVersion: z.string().optional(),
  deadLetteredAt: z.iso.datetime(),
});

export function isDeadLetterCode(code: string): code is DeadLetterCode {
  return DEAD_LETTER_CODES.some((known) => known === code);
}

export type DeadLetterNote = z.infer<typeof noteSchema>;

/** The note as SQS message attributes: the code to be seen at once, all of it as JSON in `note`. */
export function noteAttributes(note: DeadLetterNote): Readonly<Record<string, string>> {
  return { code: note.code, note: JSON.stringify(note) };
}

/** Reads a note back; `undefined` where there is none, as on a message that SQS itself has moved. */
export function readNote(attributes: Readonly<Record<string, string>>): DeadLetterNote | undefined {
  try {
    return noteSchema.parse(JSON.parse(attributes.note ?? ''));
  } catch {
    return undefined;
  }
}
