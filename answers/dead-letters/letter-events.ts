import type { DeadLetterCode, DeadLetterFailure } from '../../lambdas/dead-letter/note.ts';

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
