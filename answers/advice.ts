import type { RetryLaterCode } from '../lambdas/deliver/outcome.ts';
import { docsUrl, INVOCATION } from '../lib/config/terminal.ts';
import type { DeadLetterReason } from './dead-letters/letter-events.ts';

/** The code of an event that ended because its customer was erased. */
export const ERASED = 'customer-erased';

/** Who has to do something. */
type Who = 'nobody' | 'mapping' | 'platform' | 'marketing' | 'vendor' | 'on-call';

const NAMES: Readonly<Record<Who, string>> = {
  nobody: 'nobody',
  mapping: 'the owner of the mapping',
  platform: 'the platform team',
  marketing: 'marketing operations',
  vendor: 'the vendor of the webhook',
  'on-call': 'whoever is on call',
};

/** What a code means, who has to do what about it, and the section of the runbook that says more. */
type Advice = {
  readonly meaning: string;
  readonly who: Who;
  /** An imperative, with the commands in quotes; ID stands for the dead letter. */
  readonly next: string;
  readonly section: string;
};

const MEND_MAPPING = `mend the mapping ("${INVOCATION} map" shows what it makes of a webhook), deploy, then replay`;

/** Of dead letters, by code; `docs/dead-letters.md` says the same at greater length. */
export const ADVICE: Readonly<Record<DeadLetterReason, Advice>> = {
  'message-unreadable': {
    who: 'platform',
    section: 'dead-letters-present',
    meaning: 'The message on the buffer was not written by ingest, or is of an unknown version.',
    next: 'find out who writes to the buffer; after a roll-back of the adapter, deploy again and replay',
  },
  'body-not-json': {
    who: 'vendor',
    section: 'dead-letters-present',
    meaning: 'The body cannot be read in its format.',
    next: 'ask the sender; a replay ends the same way',
  },
  'body-too-deep': {
    who: 'vendor',
    section: 'dead-letters-present',
    meaning: 'Lists and objects of the body are nested more than 500 deep.',
    next: 'ask the sender; a replay ends the same way',
  },
  'no-mapping': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning:
      'The mapping has no such event any more: it was changed while the webhook waited, or while it was a dead letter.',
    next: 'bring the event back (or name it in "formerly" of the event that took its place), deploy, then replay; or drop it',
  },
  'expression-failed': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'An expression of the mapping failed on this webhook.',
    next: MEND_MAPPING,
  },
  'value-not-text': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'An expression gave an object, a list, a function or infinity, which cannot be sent.',
    next: MEND_MAPPING,
  },
  'value-null': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'A parameter was null, and the mapping says to reject the event then.',
    next: MEND_MAPPING,
  },
  'parameter-missing': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'A required parameter had no value.',
    next: MEND_MAPPING,
  },
  'event-key-missing': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'The webhook does not say whom it is about, so that no message can be sent.',
    next: 'mend the mapping if the key stands elsewhere, deploy, then replay; else drop it',
  },
  'event-key-invalid': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning:
      'The value that should name the person is not a valid address or number, or has a control character.',
    next: 'correct it at its source, or mend the mapping, deploy, then replay; else drop it',
  },
  'deduplication-id-unusable': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'The deduplication id of the mapping gave no text or number.',
    next: MEND_MAPPING,
  },
  'event-time-unreadable': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'When it happened cannot be read.',
    next: MEND_MAPPING,
  },
  'too-many-parameters': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'More than 400 parameters: Webex Campaign takes no more.',
    next: MEND_MAPPING,
  },
  'payload-too-large': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'More than 24,000 bytes: Webex Campaign takes no more.',
    next: MEND_MAPPING,
  },
  'webex-invalid-json': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'Webex Campaign could not read the request (1001). It was not accepted.',
    next: `compare the parameters with the event definition; ${MEND_MAPPING}`,
  },
  'webex-mandatory-field-missing': {
    who: 'mapping',
    section: 'dead-letters-present',
    meaning: 'A field that Webex Campaign requires is missing (1002). It was not accepted.',
    next: `see which parameters the event definition in Webex Campaign demands; ${MEND_MAPPING}`,
  },
  'webex-no-recommendation': {
    who: 'marketing',
    section: 'dead-letters-present',
    meaning: 'Webex Campaign has nothing to recommend for this event (1003): a business answer, not a fault.',
    next: 'drop it; if the recommendation was missing by mistake, replay it',
  },
  'webex-not-found': {
    who: 'platform',
    section: 'dead-letters-many',
    meaning: 'Webex Campaign does not know the address that was called. It was not accepted.',
    next: 'check event-url in stages.yaml, deploy, then replay',
  },
  'webex-method-not-supported': {
    who: 'platform',
    section: 'dead-letters-many',
    meaning: 'The address that was called does not take events. It was not accepted.',
    next: 'check event-url in stages.yaml, deploy, then replay',
  },
  'webex-refused': {
    who: 'platform',
    section: 'dead-letters-many',
    meaning: 'The request was refused without a code, as a firewall does. It was not accepted.',
    next: 'ask Cisco what stands before the event API, with the time of the attempt; then replay',
  },
  'webex-redirected': {
    who: 'platform',
    section: 'dead-letters-many',
    meaning: 'The address answers with a redirect, which is not followed: it would carry the key away.',
    next: 'put the new address into event-url in stages.yaml, deploy, then replay',
  },
  unconfirmed: {
    who: 'marketing',
    section: 'events-unconfirmed',
    meaning: 'The call was made, and no clear answer came: the customer may or may not have got a message.',
    next: 'ask Cisco whether the event arrived (time of the attempt, event id, transaction id if there is one). If not: "dead-letter replay ID --unconfirmed", with --late if it is older than its max-age. If so, or if in doubt: drop it',
  },
  'retries-exhausted': {
    who: 'platform',
    section: 'dead-letters-many',
    meaning: 'It was tried for as long as the budget allows, and never accepted.',
    next: 'mend what the detail names (keys, rate, address), then replay',
  },
  'too-old': {
    who: 'marketing',
    section: 'dead-letters-present',
    meaning: 'It was replayed, and by then it was older than the max-age of its mapping. It was not sent.',
    next: 'drop it; or "dead-letter replay ID --late" if it is still worth sending',
  },
  'moved-by-sqs': {
    who: 'platform',
    section: 'deliver-crashing',
    meaning: 'The deliver function crashed on it again and again, until SQS moved it here; there is no note.',
    next: 'look for errors in the log of the deliver function, mend them, deploy, then replay',
  },
  'note-unreadable': {
    who: 'platform',
    section: 'dead-letters-present',
    meaning: 'Its note was written by a newer version of the adapter than this command line.',
    next: 'use the command line of the version that is deployed',
  },
};

const MEND_KEYS = `set a key that Webex Campaign takes: "${INVOCATION} secrets rotate webex-campaign"; "${INVOCATION} check" says whether it does`;

/** Of events that wait for their next try, by why they wait. All of them are tried again by themselves for 24 hours. */
export const WAITING: Readonly<Record<RetryLaterCode, Advice>> = {
  'webex-credentials-refused': {
    ...{ who: 'on-call', section: 'credentials-refused' },
    meaning: 'Webex Campaign refuses the API keys (430, 498, or 401).',
    next: MEND_KEYS,
  },
  'paused-credentials': {
    ...{ who: 'on-call', section: 'credentials-refused' },
    meaning: 'Webex Campaign has refused every API key, and calls are paused.',
    next: MEND_KEYS,
  },
  'webex-throttled': {
    ...{ who: 'nobody', section: 'throttled' },
    meaning: 'Webex Campaign has asked to slow down (429).',
    next: 'wait',
  },
  'paused-throttled': {
    ...{ who: 'nobody', section: 'throttled' },
    meaning: 'Webex Campaign has asked to slow down, and calls are paused for as long as it asked.',
    next: 'wait',
  },
  'webex-wrong-endpoint': {
    ...{ who: 'on-call', section: 'endpoint-failing' },
    meaning: 'The address that was called is not the event API.',
    next: `correct event-url in stages.yaml, and deploy; "${INVOCATION} check" says whether it is right`,
  },
  'webex-unreachable': {
    ...{ who: 'nobody', section: 'endpoint-failing' },
    meaning: 'Webex Campaign could not be reached, and nothing was sent.',
    next: `wait; if it lasts, "${INVOCATION} check" says what fails`,
  },
  'webex-unavailable': {
    ...{ who: 'nobody', section: 'endpoint-failing' },
    meaning: 'Webex Campaign is not available, and has not taken it.',
    next: `wait; if it lasts, "${INVOCATION} check" says what fails`,
  },
  'paused-endpoint': {
    ...{ who: 'on-call', section: 'endpoint-failing' },
    meaning: 'Webex Campaign fails again and again, and calls are paused.',
    next: `ask "${INVOCATION} check" what fails, and Cisco if it is on their side`,
  },
  'paused-by-person': {
    ...{ who: 'on-call', section: 'paused' },
    meaning: 'A person has paused its source.',
    next: `ask who paused it, and end the pause: "${INVOCATION} resume --all"`,
  },
  'secret-missing': {
    ...{ who: 'on-call', section: 'keys-unusable' },
    meaning: 'The API keys are not set.',
    next: `set them: "${INVOCATION} secrets set webex-campaign"`,
  },
  'secret-invalid': {
    ...{ who: 'on-call', section: 'keys-unusable' },
    meaning: 'The secret of the API keys has the wrong form.',
    next: `set it again: "${INVOCATION} secrets rotate webex-campaign"`,
  },
  'secret-unreadable': {
    ...{ who: 'on-call', section: 'keys-unusable' },
    meaning: 'The secret of the API keys cannot be read.',
    next: 'see why Secrets Manager refuses it, in the log of the deliver function',
  },
  'ledger-unavailable': {
    ...{ who: 'on-call', section: 'ledger-unavailable' },
    meaning: 'The ledger does not answer, and nothing is sent without it.',
    next: 'see the state of the table in DynamoDB',
  },
  unconfirmed: {
    ...{ who: 'nobody', section: 'events-unconfirmed' },
    meaning:
      'A call had no clear answer, and its mapping says to repeat it: the customer may get two messages.',
    next: 'wait',
  },
  busy: {
    ...{ who: 'nobody', section: 'events-late' },
    meaning: 'Another worker has it, or it is not due yet.',
    next: 'wait',
  },
  'not-begun': {
    ...{ who: 'nobody', section: 'buffer-late' },
    meaning: 'There was no time to begin it, at the rate that is set.',
    next: 'wait; if it happens often, raise events-per-second',
  },
  'internal-error': {
    ...{ who: 'platform', section: 'deliver-faults' },
    meaning: 'The deliver function met a bug with it.',
    next: 'look for its name in the log of the deliver function, and report it',
  },
  'dead-letter-unavailable': {
    ...{ who: 'on-call', section: 'deliver-faults' },
    meaning: 'Its dead letter could not be written.',
    next: 'see why SQS refuses it, in the log of the deliver function',
  },
};

/** An advice for a person, in lines. @param until when it is too late, or what happens then */
export function formatAdvice(
  { meaning, who, next, section }: Advice,
  { id, until }: { readonly id?: string; readonly until?: string } = {},
): readonly string[] {
  const more = `More: ${docsUrl(`runbook.md#${section}`)}`;
  if (who === 'nobody')
    return [meaning, `Nobody has to do anything${next === 'wait' ? '' : `: ${next}`}.`, more];
  const todo = id === undefined ? next : next.replaceAll(/\bID\b/g, id);
  return [
    meaning,
    `Who: ${NAMES[who]}${until === undefined ? '' : `, ${until}`}.`,
    `What to do: ${todo}.`,
    more,
  ];
}

/** Whether a code is one of those for which events wait. */
export function isWaitingCode(code: string): code is RetryLaterCode {
  return Object.hasOwn(WAITING, code);
}
