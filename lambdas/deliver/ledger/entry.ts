import { createHash, createHmac } from 'node:crypto';
import type { Result } from '../../result.ts';
import type { AnswerFacts } from '../event-api/verdict.ts';

/**
 * What is known of an event. `claimed`: a worker is calling, or died in the call. `waiting`: certainly not accepted, to be
 * tried again. The others are ends; an `unconfirmed` event may or may not have been accepted.
 */
export type LedgerState = 'claimed' | 'waiting' | 'delivered' | 'failed' | 'unconfirmed' | 'expired';

/** Which event of which webhook. One query for `webhook` finds all of its events. */
export type LedgerKey = {
  /** Source and deduplication id. */
  readonly webhook: string;
  /** The event's name in the mapping, with the index of the batch's item. */
  readonly event: string;
};

/** What the ledger keeps of an event beside its state: never a value of the payload. */
export type LedgerFacts = {
  /** The delivery that the event was last taken from. */
  readonly webhookId: string;
  readonly receivedAt: Date;
  readonly mappingVersion: string;
  /** Whom it is for, as a keyed hash (`hashEventKey`). */
  readonly eventKeyHash?: string;
  /** The event definition that the latest mapping calls, and each parameter's name with the bytes of its value. */
  readonly eventId?: string;
  readonly parameters?: Readonly<Record<string, number>>;
};

/** Why an event is not delivered, and the stage that could not go on. */
export type LedgerReason = { readonly code: string; readonly stage?: string; readonly detail?: string };

/** What came of one call, for those who ask later. */
export type PastAttempt = {
  /** When it was begun. */
  readonly at: Date;
  /** `delivered`, or why it was not. */
  readonly code: string;
  readonly status?: number;
  /** The code in the answer's body. */
  readonly answerCode?: string;
  /** The event definition that was called; missing in entries written before the ledger kept it. */
  readonly eventId?: string;
  /** Names and bytes, and what Webex Campaign said. Of calls in a row that are alike in it, the latest alone keeps it. */
  readonly parameters?: LedgerFacts['parameters'];
  readonly description?: string;
};

/** One event in the ledger. */
export type LedgerEntry = LedgerKey &
  LedgerFacts &
  Partial<LedgerReason> & {
    /** Counts the writes. A writer names the revision that it has read, so that no two go on from the same. */
    readonly revision: number;
    readonly state: LedgerState;
    /** Who claimed it last: random, new with each claim. */
    readonly owner: string;
    /** Until then only its owner touches it; a `waiting` event may be tried again from then on. */
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
    /** When its dead letter was written. An end other than `delivered` without it is still to be dead-lettered. */
    readonly deadLetteredAt?: Date;
    /** Of the delivery that it was first taken from, unless another event of the webhook has it. It never changes. */
    readonly intakeRecord?: IntakeRecord;
    /** Set once the event stands under another key, as its mapping had it renamed: that entry is the event's. */
    readonly movedTo?: LedgerKey;
    /** When DynamoDB may delete it. */
    readonly expiresAt: Date;
  };

/** That a delivery of a webhook was taken from the buffer, and how it was matched: nothing else keeps that. */
export type IntakeRecord = {
  readonly webhookId: string;
  readonly receivedAt: Date;
  /** When it was taken from the buffer for the first time. */
  readonly takenAt: Date;
  readonly eventTypes: readonly string[];
  /** How many more types it has: a long list is cut. */
  readonly moreTypes?: number;
  /** Of the body. */
  readonly bytes: number;
  readonly secretIndex?: number;
  readonly matched: readonly MatchedEvent[];
  /** How many other events the mapping had, on other types: a number, so that the record does not grow with the mapping. */
  readonly others: number;
  /** How many more events matched: a long list is cut. */
  readonly moreMatched?: number;
  /** How far work has come; kept only where the record is an item of its own. */
  readonly progress?: Progress;
  /** Its events that are found by the ids of their facts. A long list is in items of its own beside the record. */
  readonly identified?: readonly IdentifiedEvent[];
};

/** What became of one event of the mapping when it was applied to a webhook. */
type MatchedEvent = {
  readonly event: string;
  /** How many campaign events it made; more than one only where it has items. */
  readonly made: number;
  /** How many it could not make, each dead-lettered with its reason. */
  readonly rejected: number;
  /** Why it made none, though it is on the webhook's type. */
  readonly skipped?: 'when-not-met' | 'no-items';
  /** The condition that was not met, as the mapping has it. */
  readonly when?: string;
};

/** The ledger could not be reached or did not answer; `cause` is the name of what went wrong. */
export type LedgerFailure = { readonly code: 'ledger-unavailable'; readonly cause: string };

/** Where the ledger is kept. */
export type LedgerStore = {
  /** Reads an entry as it is now: a consistent read. */
  readonly read: (key: LedgerKey) => Promise<Result<LedgerEntry | undefined, LedgerFailure>>;
  /** Writes an entry only if the ledger still has the one before it: nobody else has gone on from there. */
  readonly write: (entry: LedgerEntry) => Promise<Result<'written' | 'changed', LedgerFailure>>;
  /**
   * Writes an entry as it is in the place of the one that was read there, or in an empty place, unless that has changed. Its
   * revision stays: whoever saw the entry under its other key has seen this one.
   */
  readonly copy: (
    entry: LedgerEntry,
    over?: LedgerEntry,
  ) => Promise<Result<'written' | 'changed', LedgerFailure>>;
};

/** Which items of a partition are wanted: all, unless it says less. */
export type LedgerRange = {
  /** The first name that is wanted. */
  readonly from?: string;
  /** The last name of the page before. */
  readonly after?: string;
  readonly limit?: number;
};

/** A part of what the ledger has in one partition. */
export type LedgerPage = {
  readonly entries: readonly LedgerEntry[];
  /** Those that are items of their own. */
  readonly intakeRecords: readonly IntakeRecord[];
  /** Pages of identified events, by the names of the records that they belong to. */
  readonly identified: ReadonlyMap<string, readonly IdentifiedEvent[]>;
  /** The name of the last item, if more may follow. */
  readonly last?: string;
};

/** The ledger, for work on a whole webhook. */
export type WebhookLedger = LedgerStore & {
  /** Reads the items of a partition as they are now, in the order of their names. */
  readonly query: (webhook: string, range: LedgerRange) => Promise<Result<LedgerPage, LedgerFailure>>;
  /**
   * Writes an intake record as an item of its own. One with progress takes the place of the one before; another stays as
   * it was written first.
   */
  readonly writeIntakeRecord: (
    webhook: string,
    intakeRecord: IntakeRecord,
  ) => Promise<Result<void, LedgerFailure>>;
  /** Writes the identified events of a large batch beside its intake record. */
  readonly writeIdentified: (
    webhook: string,
    intakeRecord: IntakeRecord,
    identified: readonly IdentifiedEvent[],
  ) => Promise<Result<void, LedgerFailure>>;
};

/** The name of a stack's ledger: a command that knows the stack needs to ask for nothing more. */
export function ledgerTableName(stackName: string): string {
  return `${stackName}-ledger`;
}

/** DynamoDB takes 2,048 bytes of partition key; only by mistake is a vendor's id longer. */
const MAX_ID_BYTES = 1_024;

/**
 * The key of an event: the same for every webhook that reports its fact. Without an identity it is the key of 0.1.0. The two
 * never meet, since neither ":" nor "#" can be in the name of a source.
 */
export function ledgerKey(
  webhook: { readonly source: string; readonly deduplicationId: string },
  event: { readonly name: string; readonly item?: number; readonly identity?: string },
): LedgerKey {
  const { source, deduplicationId } = webhook;
  const { name, item, identity } = event;
  if (identity !== undefined) return { webhook: `${source}:${identity}`, event: name };
  const id =
    Buffer.byteLength(deduplicationId) > MAX_ID_BYTES
      ? `sha256:${createHash('sha256').update(deduplicationId).digest('hex')}`
      : deduplicationId;
  return { webhook: `${source}#${id}`, event: item === undefined ? name : `${name}#${item}` };
}

/** Stands for an event key in the ledger: equal for equal keys, and not to be guessed without the secret hash key. */
export function hashEventKey(eventKey: string, hashKey: string): string {
  return createHmac('sha256', hashKey).update(eventKey).digest('hex');
}

/**
 * How long an entry is kept after its last change, in days: longer than a webhook can lie on the buffer (14) and then in
 * the dead-letter queue (14), and than any vendor repeats it (three days; providers.md, section 4).
 */
export const LEDGER_DAYS = 30;

/** When an entry that is written now may be deleted. */
export function expiryOf(now: Date): Date {
  return new Date(now.getTime() + LEDGER_DAYS * 86_400_000);
}

/** Whether nothing is left to do about an event, unless a person replays it. */
export function hasEnded({ state, deadLetteredAt }: LedgerEntry): boolean {
  return state === 'delivered' || state === 'expired' || deadLetteredAt !== undefined;
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
      /** Set where the call was not made after all. */
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
    // What may have been accepted once stays unconfirmed, whatever a repetition is answered.
    state: entry.isUnsure && state !== 'delivered' ? 'unconfirmed' : state,
    attempts: entry.attempts - (isUncalled ? 1 : 0),
    ...(tryAgainAt && { leaseUntil: tryAgainAt }),
    revision: entry.revision + 1,
    expiresAt: expiryOf(now),
  };
}

/** The entry once its dead letter is written: it has ended. */
export function markDeadLettered(entry: LedgerEntry, now: Date): LedgerEntry {
  const revision = entry.revision + 1;
  return { ...entry, revision, leaseUntil: now, deadLetteredAt: now, expiresAt: expiryOf(now) };
}

/** How many calls an entry keeps one by one, the latest: an item must not grow with every retry of a long day. */
const KEPT_ATTEMPTS = 12;

/** Adds the call that has just been settled to the history. */
export function appendAttempt(entry: LedgerEntry, settlement: Settlement): LedgerEntry {
  if ('isUncalled' in settlement || entry.lastAttemptAt === undefined) return entry;
  const code = settlement.state === 'delivered' ? 'delivered' : settlement.code;
  const attempt = pastAttempt(entry, entry.lastAttemptAt, { code, answer: settlement.answer });
  const before = entry.history ?? [];
  const last = before.at(-1);
  const history = last ? [...before.slice(0, -1), withoutSame(last, attempt), attempt] : [attempt];
  return { ...entry, history: history.slice(-KEPT_ATTEMPTS) };
}

function withoutSame({ parameters, description, ...call }: PastAttempt, next: PastAttempt): PastAttempt {
  const isSame = JSON.stringify(parameters) === JSON.stringify(next.parameters);
  return {
    ...call,
    ...(parameters && !isSame && { parameters }),
    ...(description !== undefined && description !== next.description && { description }),
  };
}

/** The last call as the other members of a settled entry show it, so that its history need not; else `undefined`. */
export function lastCallOf(entry: LedgerEntry): PastAttempt | undefined {
  const { lastAttemptAt, state, answer } = entry;
  const code = state === 'delivered' ? 'delivered' : entry.code;
  if (lastAttemptAt === undefined || code === undefined) return undefined;
  return pastAttempt(entry, lastAttemptAt, { code, answer });
}

function pastAttempt(
  { eventId, parameters }: LedgerEntry,
  at: Date,
  { code, answer }: { readonly code: string; readonly answer: AnswerFacts | undefined },
): PastAttempt {
  return {
    at,
    code,
    ...(answer && { status: answer.status }),
    ...(answer?.code !== undefined && { answerCode: answer.code }),
    ...(eventId !== undefined && { eventId }),
    ...(parameters && { parameters }),
    ...(answer?.description !== undefined && { description: answer.description }),
  };
}

/** The name of an intake record that is an item of its own, beside its webhook's events, begins so; no event's does. */
export const INTAKE_RECORD_PREFIX = '#received#';

/** The name of an item that says how far work on a webhook has come; that of a replay has its own. */
export function recordName(webhookId: string, replay?: string): string {
  return replay === undefined ? `${INTAKE_RECORD_PREFIX}${webhookId}` : `#replay#${replay}`;
}

/** An event that is known by the id of its fact, and where it stands in its webhook. */
export type IdentifiedEvent = { readonly name: string; readonly item?: number; readonly identity: string };

/**
 * How far work on a webhook has come, so that the next receive goes on from there. It only saves work: whether an event
 * may be called says its own entry. Places are those of the list of events that the mapping makes of the webhook.
 */
export type Progress = {
  /** Of the mapping that made the list: under another one, the places mean nothing. */
  readonly mappingDigest: string;
  /** How many events the list has, and which of them have ended. */
  readonly events: number;
  readonly ended: Places;
  /** Events that wait for their next attempt; none of them is due before this time. */
  readonly putOff?: { readonly places: Places; readonly until: Date };
  /** How many receives ended since the function's time did: they are no failures, and no reason for a longer pause. */
  readonly outOfTime: number;
  /** Set while an event that has not ended may still be in the ledger under a key that it had before. */
  readonly looksBack?: true;
  /** Which replay of the webhook this is of; missing for the webhook itself. */
  readonly replay?: string;
};

/** A set of places in a list, one bit for each. */
export type Places = {
  readonly has: (place: number) => boolean;
  readonly add: (place: number) => void;
  readonly size: () => number;
  readonly bytes: () => Uint8Array;
};

/** The places that these bits say. Bits of further places are unset. */
export function createPlaces(events: number, bits: Uint8Array = new Uint8Array()): Places {
  const bytes = new Uint8Array(Math.ceil(events / 8));
  bytes.set(bits.subarray(0, bytes.length));
  let size = bytes.reduce((sum, byte) => sum + countBits(byte), 0);
  const has = (place: number) => ((bytes[place >> 3] ?? 0) & (1 << (place & 7))) !== 0;
  return {
    has,
    add: (place) => {
      if (has(place)) return;
      bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7));
      size += 1;
    },
    size: () => size,
    bytes: () => bytes,
  };
}

function countBits(byte: number): number {
  return byte === 0 ? 0 : (byte & 1) + countBits(byte >> 1);
}
