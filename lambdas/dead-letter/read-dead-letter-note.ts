import * as z from 'zod/mini';
import { DEAD_LETTER_CODES, type DeadLetterNote, VERSION } from './dead-letter-note.ts';

// Apart from how a note is written: deliver never reads one, and would build these schemas at each cold start.

/** Why a webhook is in the dead-letter queue. Facts only: no payload value, no key. */
export const noteSchema = z.strictObject({
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

const storedSchema = z.extend(noteSchema, { version: z._default(z.literal([1, VERSION]), 1) });

/** Reads a note back; `undefined` where there is none, or one of a version to come. */
export function readNote(attributes: Readonly<Record<string, string>>): DeadLetterNote | undefined {
  try {
    const { version: _, ...note } = storedSchema.parse(JSON.parse(attributes.note ?? ''));
    return note;
  } catch {
    return undefined;
  }
}
