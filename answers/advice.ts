import { INVOCATION } from '../lib/config/invocation.ts';
import type { DeadLetterReason } from './dead-letter.ts';

/** What a code means, and what a person can do about it. */
export type Advice = { readonly meaning: string; readonly next: string };

const MEND_MAPPING = `mend the mapping ("${INVOCATION} map" shows what it makes of a webhook), deploy, then replay`;

/** By code; `docs/dead-letters.md` says the same at greater length. */
export const ADVICE: Readonly<Record<DeadLetterReason, Advice>> = {
  'message-unreadable': {
    meaning: 'The message on the buffer was not one that ingest writes, or of a version that is not known.',
    next: 'find out who writes to the buffer; after a roll-back of the adapter, deploy again and replay',
  },
  'body-not-json': {
    meaning: 'The body cannot be read in the format that it came in.',
    next: 'ask the sender; a replay ends the same way',
  },
  'body-too-deep': {
    meaning: 'Lists and objects of the body stand more than 500 deep within each other.',
    next: 'ask the sender; a replay ends the same way',
  },
  'no-mapping': {
    meaning:
      'No event of any mapping is on this type any more: the mapping was changed while the webhook waited.',
    next: 'bring the event back, deploy, then replay; or drop it',
  },
  'expression-failed': {
    meaning: 'An expression of the mapping failed on this webhook.',
    next: MEND_MAPPING,
  },
  'value-not-text': {
    meaning: 'An expression gave an object, a list or a function, which cannot be sent.',
    next: MEND_MAPPING,
  },
  'value-null': {
    meaning: 'A parameter was null, and the mapping says to reject the event then.',
    next: MEND_MAPPING,
  },
  'parameter-missing': { meaning: 'A required parameter had no value.', next: MEND_MAPPING },
  'event-key-missing': {
    meaning: 'The webhook does not say whom it is about: nobody could be messaged.',
    next: 'mend the mapping where the key stands elsewhere, deploy, then replay; else drop it',
  },
  'event-key-invalid': {
    meaning: 'What should name the person is no valid address or number.',
    next: 'have it put right at its source, or mend the mapping, deploy, then replay; else drop it',
  },
  'event-time-unreadable': { meaning: 'When it happened cannot be read.', next: MEND_MAPPING },
  'too-many-parameters': {
    meaning: 'More than 400 parameters: Webex Campaign takes no more.',
    next: MEND_MAPPING,
  },
  'payload-too-large': {
    meaning: 'More than 24,000 bytes: Webex Campaign takes no more.',
    next: MEND_MAPPING,
  },
  'webex-invalid-json': {
    meaning: 'Webex Campaign could not read the request (1001). It was not accepted.',
    next: `compare the parameters with the event definition; ${MEND_MAPPING}`,
  },
  'webex-mandatory-field-missing': {
    meaning: 'Webex Campaign misses a mandatory field (1002). It was not accepted.',
    next: `see which parameters the event definition in Webex Campaign demands; ${MEND_MAPPING}`,
  },
  'webex-no-recommendation': {
    meaning: 'Webex Campaign has nothing to recommend for this event (1003): a business answer, not a fault.',
    next: 'nothing, unless the recommendation was missing by mistake: then replay; else drop it',
  },
  'webex-not-found': {
    meaning: 'Webex Campaign does not know the address that was called. It was not accepted.',
    next: 'check event-url in stages.yaml, deploy, then replay',
  },
  'webex-method-not-supported': {
    meaning: 'The address that was called does not take events. It was not accepted.',
    next: 'check event-url in stages.yaml, deploy, then replay',
  },
  'webex-refused': {
    meaning: 'The request was refused without a code, as a firewall does. It was not accepted.',
    next: 'ask Cisco what stands before the event API, with the time of the attempt; then replay',
  },
  'webex-redirected': {
    meaning: 'The address answers with a redirect, which is not followed: it would carry the key away.',
    next: 'put the new address into event-url in stages.yaml, deploy, then replay',
  },
  unconfirmed: {
    meaning: 'The call left and no clear answer came: the customer may or may not have been messaged.',
    next: 'ask Cisco whether the event arrived (time of the attempt, event id, transaction id if there is one). If not: "dead-letter replay ID --unconfirmed". If so, or if in doubt: drop it',
  },
  'retries-exhausted': {
    meaning: 'It was tried for as long as the budget allows, and never accepted.',
    next: 'mend what the detail names (keys, rate, address), then replay',
  },
  'moved-by-sqs': {
    meaning: 'The deliver function crashed on it again and again, until SQS moved it here; there is no note.',
    next: 'look for errors in the log of the deliver function, mend them, deploy, then replay',
  },
  'note-unreadable': {
    meaning: 'Its note was written by a newer version of the adapter than this command line.',
    next: 'use the command line of the version that is deployed',
  },
};
