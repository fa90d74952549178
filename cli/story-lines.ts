import type { LedgerEntry, PastAttempt } from '../lambdas/deliver/ledger-entry.ts';
import type { Receipt } from '../lambdas/deliver/receipt.ts';
import type { LedgerAction, LedgerStory } from './ledger-items.ts';
import { type MappedTypes, sayOthers } from './say-others.ts';

/** Something that happened, and when. */
export type StoryLine = { readonly at: Date; readonly what: string; readonly more: readonly string[] };

/**
 * Everything that happened to a webhook, in order.
 * @param mapping the source's as it is now
 */
export function storyLines(
  { receipts, entries, actions }: LedgerStory,
  mapping: MappedTypes,
): readonly StoryLine[] {
  const lines = [
    ...receipts.flatMap((receipt, index) =>
      index === 0 ? linesOfFirst(receipt, mapping) : linesOfRepetition(receipt),
    ),
    ...entries.flatMap(linesOfEntry),
    ...actions.map(lineOfAction),
  ];
  return lines.toSorted((one, other) => one.at.getTime() - other.at.getTime());
}

function linesOfFirst(receipt: Receipt, mapping: MappedTypes): readonly StoryLine[] {
  return [
    lineOfReceipt(receipt, 'received'),
    {
      at: receipt.takenAt,
      what: 'taken from the buffer and matched against the mapping',
      more: [...receipt.matched.map(sayMatch), ...sayOthers(receipt, mapping)],
    },
  ];
}

function linesOfRepetition(receipt: Receipt): readonly StoryLine[] {
  const recognised = 'recognised: nothing that had ended was sent again';
  return [lineOfReceipt(receipt, 'received again'), { at: receipt.takenAt, what: recognised, more: [] }];
}

function lineOfReceipt(receipt: Receipt, received: string): StoryLine {
  const { receivedAt, webhookId, eventTypes, bytes, secretSlot } = receipt;
  const verified = secretSlot === undefined ? 'verified' : `verified by ${saySecret(secretSlot)}`;
  return {
    at: receivedAt,
    what: `${received} ${eventTypes.join(', ')}, ${bytes} bytes; signature ${verified}`,
    more: [`our id of this delivery: ${webhookId}`],
  };
}

function saySecret(slot: number): string {
  return slot === 0 ? 'the newest signing secret (slot 1)' : `an older signing secret (slot ${slot + 1})`;
}

function sayMatch({ event, made, rejected, skipped, when }: Receipt['matched'][number]): string {
  if (skipped === 'when-not-met')
    return `not ${event}: its condition "when" was not true${when === undefined ? '' : `: ${when}`}`;
  if (skipped === 'no-items') return `not ${event}: there was no item for it`;
  const many = made > 1 ? ` (${made} items)` : '';
  const bad = rejected === 0 ? '' : `; of ${rejected} nothing could be made, see below`;
  return `matched ${event}${many}${bad}`;
}

function linesOfEntry(entry: LedgerEntry): readonly StoryLine[] {
  const { event, history = [], attempts, firstAttemptAt, deadLetteredAt, code, answer } = entry;
  const forgotten = attempts - history.length - (entry.state === 'claimed' ? 1 : 0);
  const earlier =
    forgotten > 0 && firstAttemptAt
      ? [
          {
            at: firstAttemptAt,
            what: `${event}: called Webex Campaign (${forgotten} calls, not kept one by one)`,
            more: [],
          },
        ]
      : [];
  const calls = history.map((attempt, index) =>
    lineOfAttempt(entry, attempt, { before: history[index - 1], isLast: index === history.length - 1 }),
  );
  const buried = deadLetteredAt && {
    at: deadLetteredAt,
    what: `${event}: put aside as a dead letter (${code ?? entry.state})`,
    more: answer === undefined && entry.detail !== undefined ? [entry.detail] : [],
  };
  return [...earlier, ...calls, ...(buried ? [buried] : [])];
}

function lineOfAttempt(
  entry: LedgerEntry,
  attempt: PastAttempt,
  { before, isLast }: { readonly before: PastAttempt | undefined; readonly isLast: boolean },
): StoryLine {
  const { event, answer, transactionId } = entry;
  const { at, code, status, answerCode } = attempt;
  const http =
    status === undefined
      ? 'no answer'
      : `HTTP ${status}${answerCode === undefined ? '' : `, code ${answerCode}`}`;
  const description =
    isLast && answer?.description !== undefined ? [`Webex Campaign said: "${answer.description}"`] : [];
  return {
    at,
    what: `${event}: called Webex Campaign: ${code === 'delivered' ? 'accepted' : code} (${http})`,
    more: [
      ...(isLast ? sayLastCall(entry, attempt) : sayEarlierCall(attempt, before)),
      ...description,
      ...(isLast && transactionId !== undefined ? [`transaction id ${transactionId}`] : []),
    ],
  };
}

/** What was called. The ledger has the parameters of the latest mapping alone, which may not be the one called by. */
function sayLastCall({ eventId: latest, parameters }: LedgerEntry, attempt: PastAttempt): readonly string[] {
  const eventId = attempt.eventId ?? latest;
  if (eventId === undefined) return [];
  return [eventId === latest ? `event ${eventId}; ${sayParameters(parameters)}` : `event ${eventId}`];
}

/** Entries that were written before attempts kept their event id say nothing here. */
function sayEarlierCall({ eventId }: PastAttempt, before: PastAttempt | undefined): readonly string[] {
  return eventId === undefined || eventId === before?.eventId ? [] : [`event ${eventId}`];
}

function sayParameters(parameters: Readonly<Record<string, number>> = {}): string {
  const sizes = Object.entries(parameters).map(([name, bytes]) => `${name} (${bytes} bytes)`);
  return sizes.length === 0 ? 'no parameters' : `parameters ${sizes.join(', ')}`;
}

function lineOfAction({ at, action, by, reason, code, about }: LedgerAction): StoryLine {
  const what = about === undefined ? 'the dead letter' : `the dead letter of ${about}`;
  const why = reason === undefined ? '' : `: "${reason}"`;
  return { at, what: `${by} ${action} ${what} (${code})${why}`, more: [] };
}
