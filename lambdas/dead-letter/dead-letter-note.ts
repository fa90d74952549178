import type * as z from 'zod/mini';
import type { noteSchema } from './read-dead-letter-note.ts';

/** Every reason for which a webhook ends in the dead-letter queue by our own decision. */
export const DEAD_LETTER_CODES = [
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
export const VERSION = 2;

export function isDeadLetterCode(code: string): code is DeadLetterCode {
  return DEAD_LETTER_CODES.some((known) => known === code);
}

export type DeadLetterNote = z.infer<typeof noteSchema>;

/** The note as an SQS message attribute. Stage and code come first, for whoever looks at the queue itself. */
export function noteAttributes({ stage, code, ...rest }: DeadLetterNote): Readonly<Record<string, string>> {
  return { note: JSON.stringify({ stage, code, version: VERSION, ...rest }) };
}

/** Whether a message has a note at all. One that SQS itself has moved has none: the function had crashed on it. */
export function hasNote(attributes: Readonly<Record<string, string>>): boolean {
  return attributes.note !== undefined;
}
