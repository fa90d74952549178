import { createHash } from 'node:crypto';
import type { AnswerFacts } from '../event-api/verdict.ts';
import type { IntakeRecord } from './intake-record.ts';

/**
 * What is known of an event. `claimed`: a worker is calling, or has died in the call. `waiting`: certainly not accepted,
 * to be tried again. The others are ends; an `unconfirmed` event may or may not have been accepted.
 */
export type LedgerState = 'claimed' | 'waiting' | 'delivered' | 'failed' | 'unconfirmed' | 'expired';

/** Which event of which webhook. Whoever knows `webhook` finds all of its events by one query. */
export type LedgerKey = {
  /** Source and deduplication id. */
  readonly webhook: string;
  /** The event's name in the mapping, and the item of the batch it is of. */
  readonly event: string;
};

/** What the ledger keeps of an event beside its state: never a value of the payload. */
export type LedgerFacts = {
  /** The delivery that the event was last taken from. */
  readonly webhookId: string;
  readonly receivedAt: Date;
  readonly mappingVersion: string;
  /** Whom it is for, as a keyed hash: equal for equal keys, and nothing to be read from it. */
  readonly eventKeyHash?: string;
  /** The event definition that is called by the latest mapping, and each parameter's name with the bytes of its value. */
  readonly eventId?: string;
  readonly parameters?: Readonly<Record<string, number>>;
};

/** Why an event is not delivered, and the stage that could not go on. */
export type LedgerReason = { readonly code: string; readonly stage?: string; readonly detail?: string };

/** What came of one call, as the ledger keeps it for those who ask later. */
export type PastAttempt = {
  /** When it was begun. */
  readonly at: Date;
  /** `delivered`, or why it was not. */
  readonly code: string;
  readonly status?: number;
  /** The code in the answer's body. */
  readonly answerCode?: string;
  /** The event definition that was called; missing in what was written before this was kept. */
  readonly eventId?: string;
};

/** One event in the ledger. */
export type LedgerEntry = LedgerKey &
  LedgerFacts &
  Partial<LedgerReason> & {
    /** Counts the writes: a writer names the one that it has read, so that no two go on from the same. */
    readonly revision: number;
    readonly state: LedgerState;
    /** Who claimed it last: random, new with each claim. */
    readonly owner: string;
    /** Until then nobody but its owner touches it; of what is `waiting`, when it may be tried again. */
    readonly leaseUntil: Date;
    /** Calls that were made, or may have been. */
    readonly attempts: number;
    readonly firstAttemptAt?: Date;
    readonly lastAttemptAt?: Date;
    readonly answer?: AnswerFacts;
    /** The latest calls and what came of each, oldest first. */
    readonly history?: readonly PastAttempt[];
    readonly transactionId?: string;
    /** An earlier attempt may have been accepted. */
    readonly isUnsure?: true;
    /** When its dead letter was written. An end other than `delivered` that has none yet is still to be dead-lettered. */
    readonly deadLetteredAt?: Date;
    /** Of the delivery that it was first taken from, where no other event of the webhook has it: it stays from then on. */
    readonly intakeRecord?: IntakeRecord;
    /** When DynamoDB may forget it. */
    readonly expiresAt: Date;
  };

/**
 * How long an entry is kept after its last change, in days: longer than a webhook can lie on the buffer (14) and then in
 * the dead-letter queue (14), and than any vendor repeats it (three days; providers.md, section 4).
 */
export const LEDGER_DAYS = 30;

/** When an entry that is written now may be forgotten. */
export function expiryOf(now: Date): Date {
  return new Date(now.getTime() + LEDGER_DAYS * 86_400_000);
}

/** The name of a stack's ledger: a command that knows the stack finds it without asking further. */
export function ledgerTableName(stackName: string): string {
  return `${stackName}-ledger`;
}

/** DynamoDB takes 2,048 bytes of partition key; a vendor's id is longer only by mistake. */
const MAX_ID_BYTES = 1_024;

/** The key of an event: the same for every delivery of one fact. */
export function ledgerKey(
  webhook: { readonly source: string; readonly deduplicationId: string },
  event: { readonly name: string; readonly item?: number },
): LedgerKey {
  const { source, deduplicationId } = webhook;
  const id =
    Buffer.byteLength(deduplicationId) > MAX_ID_BYTES
      ? `sha256:${createHash('sha256').update(deduplicationId).digest('hex')}`
      : deduplicationId;
  return {
    webhook: `${source}#${id}`,
    event: event.item === undefined ? event.name : `${event.name}#${event.item}`,
  };
}

/** What came of a call. */
export type Settlement =
  | { readonly state: 'delivered'; readonly transactionId: string; readonly answer: AnswerFacts }
  | (LedgerReason & {
      readonly state: 'waiting' | 'failed' | 'unconfirmed';
      readonly answer?: AnswerFacts;
      readonly transactionId?: string;
      /** When it may be tried again, where it is to be. */
      readonly tryAgainAt?: Date;
      /** Given where the call was not made after all. */
      readonly isUncalled?: true;
    });

/** The entry with what came of its owner's call. */
export function settleEntry(entry: LedgerEntry, settlement: Settlement, now: Date): LedgerEntry {
  const { code: _, stage: __, detail: ___, answer: ____, ...kept } = entry;
  const { isUncalled, tryAgainAt, state, ...facts } = {
    isUncalled: undefined,
    tryAgainAt: undefined,
    ...settlement,
  };
  return {
    ...kept,
    ...facts,
    // What may have been accepted once stays that, whatever is answered to a repetition.
    state: entry.isUnsure && state !== 'delivered' ? 'unconfirmed' : state,
    attempts: entry.attempts - (isUncalled ? 1 : 0),
    ...(tryAgainAt && { leaseUntil: tryAgainAt }),
    revision: entry.revision + 1,
    expiresAt: expiryOf(now),
  };
}

/** The entry once its dead letter is written: nothing is left to be done about it. */
export function markDeadLettered(entry: LedgerEntry, now: Date): LedgerEntry {
  const revision = entry.revision + 1;
  return { ...entry, revision, leaseUntil: now, deadLetteredAt: now, expiresAt: expiryOf(now) };
}

/** So many calls are remembered one by one, the latest: an item must not grow with every retry of a long day. */
const REMEMBERED_ATTEMPTS = 12;

/** Adds the call that has just been settled. */
export function appendAttempt(entry: LedgerEntry, settlement: Settlement): LedgerEntry {
  if ('isUncalled' in settlement || entry.lastAttemptAt === undefined) return entry;
  const code = settlement.state === 'delivered' ? 'delivered' : settlement.code;
  const attempt = formatCall(entry, entry.lastAttemptAt, { code, answer: settlement.answer });
  return { ...entry, history: [...(entry.history ?? []), attempt].slice(-REMEMBERED_ATTEMPTS) };
}

/** The call that a settled entry itself tells of, so that its history need not; nothing where it tells of none. */
export function lastCallOf(entry: LedgerEntry): PastAttempt | undefined {
  const { lastAttemptAt, state, answer } = entry;
  const code = state === 'delivered' ? 'delivered' : entry.code;
  if (lastAttemptAt === undefined || code === undefined) return undefined;
  return formatCall(entry, lastAttemptAt, { code, answer });
}

function formatCall(
  { eventId }: LedgerEntry,
  at: Date,
  { code, answer }: { readonly code: string; readonly answer: AnswerFacts | undefined },
): PastAttempt {
  return {
    at,
    code,
    ...(answer && { status: answer.status }),
    ...(answer?.code !== undefined && { answerCode: answer.code }),
    ...(eventId !== undefined && { eventId }),
  };
}
