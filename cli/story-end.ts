import { isDeadLetterCode } from '../lambdas/dead-letter/dead-letter-note.ts';
import type { LedgerEntry } from '../lambdas/deliver/ledger-entry.ts';
import { type DeadLetter, eventNameOf } from './dead-letter.ts';
import { ADVICE } from './dead-letter-advice.ts';
import type { WebhookFacts } from './find-webhook.ts';
import type { LedgerAction } from './ledger-items.ts';

/** Where an event stands now, and what a person can do next. */
type Ending = { readonly title: string; readonly lines: readonly string[] };

/** The end of each event of a webhook, as far as there is one. */
export function storyEnd(facts: WebhookFacts): readonly string[] {
  const { story, letters } = facts;
  const endings = [
    ...story.entries.map((entry) => endingOf(entry, facts)),
    ...letters.filter((letter) => isUnknown(letter, facts)).map(endingOfLetter),
  ];
  if (endings.length > 0)
    return endings.flatMap(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`)]);
  return [
    'No message was due.',
    '  No event of the mapping wanted this webhook, for the reasons above: nothing was sent, and nothing is to be done.',
  ];
}

function endingOf(entry: LedgerEntry, facts: WebhookFacts): Ending {
  const { event, state, transactionId, lastAttemptAt, leaseUntil, code } = entry;
  switch (state) {
    case 'delivered':
      return {
        title: `${event}: ACCEPTED by Webex Campaign.`,
        lines: afterAcceptance(transactionId, lastAttemptAt),
      };
    case 'waiting':
      return {
        title: `${event}: NOT SENT YET. It was certainly not accepted so far (${code ?? 'no call was made'}), and is tried again by itself.`,
        lines: [`The next attempt is not before ${leaseUntil.toISOString()}. Nothing is to be done.`],
      };
    case 'claimed':
      return {
        title: `${event}: BEING SENT. A worker has it since ${(lastAttemptAt ?? leaseUntil).toISOString()}.`,
        lines: [
          `If it says the same after ${leaseUntil.toISOString()}, the worker has died: the event is then parked as unconfirmed.`,
        ],
      };
    case 'expired':
      return {
        title: `${event}: NOT SENT. It was older than its max-age when its turn came, and no longer worth saying.`,
        lines: [
          'Nothing is to be done. If this happens often, see why webhooks come late, or raise max-age.',
        ],
      };
    case 'failed':
    case 'unconfirmed':
      return endingOfFailure(entry, facts);
  }
}

/** Accepted is not delivered (webex-facts.md, 5.10); the vendor's staff can look an event up (5.13). */
function afterAcceptance(transactionId: string | undefined, at: Date | undefined): readonly string[] {
  return [
    'Accepted is not the same as on her phone: opt-out lists, contact-frequency rules, exclusion times, an expired event',
    'or an inactive deployment in Webex Campaign can still hold a message back, and this adapter is not told.',
    `If she did not get it, ask Cisco for the "Event transaction details" of ${transactionId ?? 'the event'}${at === undefined ? '' : ` (called ${at.toISOString()})`}.`,
  ];
}

function endingOfFailure(entry: LedgerEntry, { story, letters }: WebhookFacts): Ending {
  const { event, state, code } = entry;
  const reason =
    code !== undefined && isDeadLetterCode(code)
      ? code
      : state === 'unconfirmed'
        ? 'unconfirmed'
        : 'retries-exhausted';
  const isSure = state === 'failed';
  const title = isSure
    ? `${event}: NOT SENT (${reason}).`
    : `${event}: NOT KNOWN whether it was sent (${reason}).`;
  const letter = letters.find((one) => ledgerEventOf(one) === event);
  const meaning = isSure ? ADVICE[reason].meaning : ADVICE.unconfirmed.meaning;
  if (letter !== undefined) {
    const next = isSure ? ADVICE[reason].next : ADVICE.unconfirmed.next;
    return {
      title,
      lines: [meaning, `Its dead letter is ${letter.id}. What to do: ${next.replaceAll('ID', letter.id)}.`],
    };
  }
  return { title, lines: [meaning, withoutLetter(entry, story.actions)] };
}

function withoutLetter({ event, deadLetteredAt }: LedgerEntry, actions: readonly LedgerAction[]): string {
  const name = event.split('#')[0];
  const last = actions
    .filter(({ about }) => about === name)
    .toSorted((one, other) => other.at.getTime() - one.at.getTime())[0];
  if (last?.action === 'dropped') {
    return `${last.by} dropped its dead letter: "${last.reason ?? ''}". Nothing is left to be done.`;
  }
  if (last?.action === 'replayed') return `${last.by} has put it back on the buffer: look again in a moment.`;
  return deadLetteredAt === undefined
    ? 'Its dead letter is about to be written: look again in a moment.'
    : 'Its dead letter is not in the queue any more: somebody has taken it, or SQS has let go of it after 14 days.';
}

function ledgerEventOf({ note }: DeadLetter): string | undefined {
  return note?.item === undefined ? note?.event : `${note.event}#${note.item}`;
}

/** Whether a dead letter is about no event that the ledger has. */
function isUnknown(letter: DeadLetter, { story }: WebhookFacts): boolean {
  const event = ledgerEventOf(letter);
  return event === undefined || !story.entries.some((entry) => entry.event === event);
}

function endingOfLetter(letter: DeadLetter): Ending {
  const { code, id } = letter;
  const { meaning, next } = ADVICE[code];
  return {
    title: `${eventNameOf(letter) ?? 'The webhook'}: PUT ASIDE (${code}).`,
    lines: [meaning, `Its dead letter is ${id}. What to do: ${next.replaceAll('ID', id)}.`],
  };
}
