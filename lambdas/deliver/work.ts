import { createHmac } from 'node:crypto';
import type { BufferedWebhook, BufferMessage } from '../buffer/message.ts';
import { type DeadLetterNote, isDeadLetterCode } from '../dead-letter/note.ts';
import type { Mapped } from '../map/webhook.ts';
import type { Result } from '../result.ts';
import type { Verdict } from './event-api/verdict.ts';
import { type Claimant, claimPermission, type SettleDependencies, writeSettled } from './ledger/decision.ts';
import { type LedgerEntry, type LedgerFacts, ledgerKey, markDeadLettered } from './ledger/entry.ts';
import type { IntakeRecord } from './ledger/intake-record.ts';
import { type DeadLettered, type EventOutcome, type RetryLaterCode, writeNote } from './outcome.ts';
import { nextDelaySeconds } from './retry-schedule.ts';

/** A message taken from the buffer, with what SQS knows of it. */
export type BufferRecord = {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly message: BufferMessage;
  /** How often it has been taken from the buffer, this time included. */
  readonly attempts: number;
  /** When it was put on the buffer: the retry budget counts from here. */
  readonly bufferedAt: Date;
};

/** One event of a webhook, the message that it came in included. */
export type EventWork<Which extends Mapped> = {
  readonly mapped: Which;
  readonly webhook: BufferedWebhook;
  readonly record: BufferRecord;
  /** The intake record of the delivery, as long as no entry of the ledger has it. */
  readonly intakeRecord?: IntakeRecord;
};

/** Why no call is made now. */
export type CallPause = { readonly code: RetryLaterCode; readonly atLeastSeconds?: number };

/** A call that was made and judged, or was not made after all. */
export type Called =
  | {
      readonly kind: 'called';
      readonly verdict: Verdict;
      /** How long it took, a second call with the other key included. */
      readonly milliseconds: number;
      readonly calls: number;
      /** Which key the last call was made with. */
      readonly keyUsed: 'primary' | 'secondary';
    }
  | ({ readonly kind: 'held' } & CallPause);

/** An event, and the body of its call. */
export type EventToCall = Pick<Extract<Mapped, { kind: 'event' }>, 'event' | 'payload'>;

/** Calls the event API as far as keys, rate, breaker and the function's remaining time allow. */
export type EventCaller = {
  /** Asked before an event is claimed: what is not to be called now is left as it is. */
  readonly hold: (remainingMilliseconds: number) => Promise<CallPause | undefined>;
  readonly call: (event: EventToCall, remainingMilliseconds: () => number) => Promise<Called>;
};

/** What deliver needs of the outside world to bring one event to an end. */
export type EventDependencies = SettleDependencies & {
  readonly caller: EventCaller;
  readonly putInDeadLetters: (
    message: BufferMessage,
    note: DeadLetterNote,
  ) => Promise<Result<void, { readonly cause: string }>>;
  /** A keyed hash of an event key; nothing where the hash's key cannot be had. */
  readonly hashEventKey: (eventKey: string) => Promise<string | undefined>;
  /** Something random, unlike any before. */
  readonly newOwner: () => string;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** How long a claim holds; longer than the function can run. */
  readonly leaseMilliseconds: number;
};

/** The event's worker, as the ledger sees it. */
export async function claimantOf(
  { mapped, webhook, intakeRecord }: EventWork<Mapped>,
  { hashEventKey, newOwner, leaseMilliseconds }: EventDependencies,
): Promise<Claimant> {
  const { webhookId, receivedAt } = webhook;
  const { mappingVersion } = mapped.terms;
  const eventKeyHash = mapped.kind === 'event' ? await hashEventKey(mapped.event.eventKey) : undefined;
  return {
    key: ledgerKey(webhook, mapped),
    facts: {
      webhookId,
      receivedAt,
      mappingVersion,
      ...callFacts(mapped),
      ...(eventKeyHash !== undefined && { eventKeyHash }),
    },
    owner: newOwner(),
    leaseMilliseconds,
    permission: claimPermission(mapped, webhook.replay),
    ...(intakeRecord && { intakeRecord }),
  };
}

/** Leaves the event for another time. */
export function tryLater(
  { record }: EventWork<Mapped>,
  { code, cause, atLeastSeconds }: CallPause & { readonly cause?: string },
  { random }: EventDependencies,
): Extract<EventOutcome, { outcome: 'retry-later' }> {
  const seconds = nextDelaySeconds(record.attempts, random(), atLeastSeconds);
  return { outcome: 'retry-later', code, seconds, ...(cause !== undefined && { cause }) };
}

/**
 * Dead-letters an event whose end is in the ledger already. If the dead letter cannot be written, the message stays on
 * the buffer, and the next to receive it finds an end without a dead letter. A mark that cannot be written costs a
 * second dead letter at worst, never one that is lost.
 */
export async function deadLetterEvent(
  work: EventWork<Mapped>,
  entry: LedgerEntry,
  dependencies: EventDependencies,
): Promise<EventOutcome> {
  const { putInDeadLetters, now } = dependencies;
  const outcome = deadLetteredOf(entry);
  const put = await putInDeadLetters(work.record.message, writeNote(outcome, noteFacts(work, entry), now()));
  if (!put.ok) {
    return { ...tryLater(work, { code: 'dead-letter-unavailable' }, dependencies), ...put.failure };
  }
  const marked = await writeSettled(markDeadLettered(entry, now()), dependencies);
  return { ...outcome, ...(!marked.ok && { cause: marked.failure.code }) };
}

/** What may have been accepted is dead-lettered as that, whatever else is known: it is for a person to decide. */
function deadLetteredOf({
  code = 'unconfirmed',
  state,
  stage,
  detail,
  answer,
  attempts,
}: LedgerEntry): DeadLettered {
  const isUnconfirmed = state === 'unconfirmed' || !isDeadLetterCode(code);
  const why = isUnconfirmed && code !== 'unconfirmed' ? code : detail;
  return {
    outcome: 'dead-letter',
    stage: stage === 'map' ? 'map' : 'deliver',
    code: isUnconfirmed ? 'unconfirmed' : code,
    attempts,
    ...(why !== undefined && { detail: why }),
    ...(answer && { answer }),
  };
}

function noteFacts({ mapped, record }: EventWork<Mapped>, entry: LedgerEntry) {
  const { firstAttemptAt, lastAttemptAt, mappingVersion, webhookId, transactionId } = entry;
  return {
    event: mapped.name,
    ...(mapped.item !== undefined && { item: mapped.item }),
    attempts: entry.attempts,
    receives: record.attempts,
    mappingVersion,
    webhookId,
    ...(transactionId !== undefined && { transactionId }),
    ...(firstAttemptAt && { firstAttemptAt: firstAttemptAt.toISOString() }),
    ...(lastAttemptAt && { lastAttemptAt: lastAttemptAt.toISOString() }),
  };
}

/** What the ledger keeps of the call itself: the event definition, and each parameter's name with its bytes. */
export function callFacts(mapped: Mapped): Pick<LedgerFacts, 'eventId' | 'parameters'> {
  if (mapped.kind !== 'event') return {};
  const { eventId, params } = mapped.event;
  const sizes = Object.entries(params).map(([name, value]) => [name, Buffer.byteLength(value)]);
  return { eventId, parameters: Object.fromEntries(sizes) };
}

/** Stands for an event key where it is kept: equal for equal keys, and not to be guessed without the hash's own key. */
export function hashEventKey(eventKey: string, hashKey: string): string {
  return createHmac('sha256', hashKey).update(eventKey).digest('hex');
}
