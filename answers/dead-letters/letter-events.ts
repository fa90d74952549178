import type { DeadLetterCode, DeadLetterFailure } from '../../lambdas/dead-letter/note.ts';
import { INVOCATION } from '../../lib/config/terminal.ts';

/** Why a message is a dead letter. The last two are for messages without a note, or with one that cannot be read. */
export type DeadLetterReason = DeadLetterCode | 'moved-by-sqs' | 'note-unreadable';

/** What went wrong with the webhook of a dead letter, with one of its events, or alike with several. */
export type LetterFailure = Omit<DeadLetterFailure, 'code'> & { readonly code: DeadLetterReason };

/** One event of a dead letter, or the webhook as a whole: then it has no name. */
export type LetterEvent = { readonly failure: LetterFailure; readonly name?: string; readonly item?: number };

/** The events that failures are of, one by one. */
export function eventsIn(failures: readonly LetterFailure[]): readonly LetterEvent[] {
  return failures.flatMap((failure): readonly LetterEvent[] => {
    const { event: name, items } = failure;
    if (name === undefined) return [{ failure }];
    return items === undefined ? [{ failure, name }] : items.map((item) => ({ failure, name, item }));
  });
}

/** The failures of some events: what `eventsIn` took apart. */
export function failuresOf(events: readonly LetterEvent[]): readonly LetterFailure[] {
  return [...Map.groupBy(events, ({ failure }) => failure)].flatMap(([failure, ofFailure]) =>
    [...Map.groupBy(ofFailure, ({ name }) => name)].map(([name, ofName]) => {
      const { items: _, ...facts } = failure;
      const items = ofName.flatMap(({ item }) => item ?? []);
      return { ...facts, ...(name !== undefined && { event: name }), ...(items.length > 0 && { items }) };
    }),
  );
}

/** Which events of a dead letter a person means. */
export type EventChoice = {
  readonly code?: string | undefined;
  /** The name of the event in the mapping. */
  readonly event?: string | undefined;
  /** The item of the batch, from 0. */
  readonly item?: number | undefined;
};

/** Whether an event is one of those that a person means. */
export function isChosen({ failure, name, item }: LetterEvent, choice: EventChoice): boolean {
  return (
    (choice.code === undefined || failure.code === choice.code) &&
    (choice.event === undefined || name === choice.event) &&
    (choice.item === undefined || item === choice.item)
  );
}

/** A failure's event for a person, with the items of the batch if there are some, counted from 1. */
export function formatEventName({
  event,
  items,
}: Pick<LetterFailure, 'event' | 'items'>): string | undefined {
  if (event === undefined || items === undefined) return event;
  const [first = 0] = items;
  if (items.length === 1) return `${event}, item ${first + 1} of the batch`;
  return `${event}, items ${formatItems(items)} of the batch`;
}

/** A list of more ranges is not read. */
const MOST_RANGES = 8;

/** "1–42, 44": items as a person counts them. */
function formatItems(items: readonly number[]): string {
  const starts = items.filter((item, index) => items[index - 1] !== item - 1);
  const ends = items.filter((item, index) => items[index + 1] !== item + 1);
  const ranges = starts.map((start, index) => {
    const end = ends[index] ?? start;
    return start === end ? `${start + 1}` : `${start + 1}–${end + 1}`;
  });
  const more = ranges.length - MOST_RANGES;
  return more > 0 ? `${ranges.slice(0, MOST_RANGES).join(', ')} and ${more} more ranges` : ranges.join(', ');
}

/** The code of an event that ended because its customer was erased. */
export const ERASED = 'customer-erased';

/** What a code means, and what a person can do about it. */
type Advice = { readonly meaning: string; readonly next: string };

const MEND_MAPPING = `mend the mapping ("${INVOCATION} map" shows what it makes of a webhook), deploy, then replay`;

/** By code; `docs/dead-letters.md` says the same at greater length. */
export const ADVICE: Readonly<Record<DeadLetterReason, Advice>> = {
  'message-unreadable': {
    meaning: 'The message on the buffer was not written by ingest, or is of an unknown version.',
    next: 'find out who writes to the buffer; after a roll-back of the adapter, deploy again and replay',
  },
  'body-not-json': {
    meaning: 'The body cannot be read in its format.',
    next: 'ask the sender; a replay ends the same way',
  },
  'body-too-deep': {
    meaning: 'Lists and objects of the body are nested more than 500 deep.',
    next: 'ask the sender; a replay ends the same way',
  },
  'no-mapping': {
    meaning:
      'The mapping has no such event any more: it was changed while the webhook waited, or while it was a dead letter.',
    next: 'bring the event back (or name it in "formerly" of the event that took its place), deploy, then replay; or drop it',
  },
  'expression-failed': {
    meaning: 'An expression of the mapping failed on this webhook.',
    next: MEND_MAPPING,
  },
  'value-not-text': {
    meaning: 'An expression gave an object, a list, a function or infinity, which cannot be sent.',
    next: MEND_MAPPING,
  },
  'value-null': {
    meaning: 'A parameter was null, and the mapping says to reject the event then.',
    next: MEND_MAPPING,
  },
  'parameter-missing': { meaning: 'A required parameter had no value.', next: MEND_MAPPING },
  'event-key-missing': {
    meaning: 'The webhook does not say whom it is about, so that no message can be sent.',
    next: 'mend the mapping if the key stands elsewhere, deploy, then replay; else drop it',
  },
  'event-key-invalid': {
    meaning:
      'The value that should name the person is not a valid address or number, or has a control character.',
    next: 'correct it at its source, or mend the mapping, deploy, then replay; else drop it',
  },
  'deduplication-id-unusable': {
    meaning: 'The deduplication id of the mapping gave no text or number.',
    next: MEND_MAPPING,
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
    meaning: 'A field that Webex Campaign requires is missing (1002). It was not accepted.',
    next: `see which parameters the event definition in Webex Campaign demands; ${MEND_MAPPING}`,
  },
  'webex-no-recommendation': {
    meaning: 'Webex Campaign has nothing to recommend for this event (1003): a business answer, not a fault.',
    next: 'drop it; if the recommendation was missing by mistake, replay it',
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
    meaning: 'The call was made, and no clear answer came: the customer may or may not have got a message.',
    next: 'ask Cisco whether the event arrived (time of the attempt, event id, transaction id if there is one). If not: "dead-letter replay ID --unconfirmed", with --late if it is older than its max-age. If so, or if in doubt: drop it',
  },
  'retries-exhausted': {
    meaning: 'It was tried for as long as the budget allows, and never accepted.',
    next: 'mend what the detail names (keys, rate, address), then replay',
  },
  'too-old': {
    meaning: 'It was replayed, and by then it was older than the max-age of its mapping. It was not sent.',
    next: 'drop it; or "dead-letter replay ID --late" if it is still worth sending',
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
