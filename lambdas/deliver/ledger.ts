import type { AnswerFacts } from './classify-answer.ts';
import type { LedgerEntry, LedgerFacts, LedgerKey, LedgerState } from './ledger-entry.ts';

/**
 * How long an entry is kept after its last change, in days: longer than a webhook can lie on the buffer (14) and then in
 * the dead-letter queue (14), and than any vendor repeats it (three days; providers.md, section 4).
 */
export const LEDGER_DAYS = 30;

/** Which events, beside those that wait, may be taken up again though they were, or may have been, called before. */
export type ClaimPermission = {
  /** By the mapping (`on-unconfirmed: retry`): what may have been accepted, unless it is parked as a dead letter. */
  readonly repeatsUnconfirmed: boolean;
  /** By a person's decision: what has ended so, dead-lettered or not. */
  readonly replays?: Readonly<Partial<Record<'failed' | 'unconfirmed' | 'expired', true>>>;
};

/** A worker that wants to take an event, and what it knows of it. */
export type Claimant = {
  readonly key: LedgerKey;
  readonly facts: LedgerFacts;
  /** Random, new with each claim. */
  readonly owner: string;
  /** Longer than the worker can live. */
  readonly leaseMilliseconds: number;
  readonly permission: ClaimPermission;
};

/** Why something was not delivered. */
export type LedgerReason = { readonly code: string; readonly stage?: string; readonly detail?: string };

/** How an event ends without a call: it is too old, cannot be mapped, or has waited for too long. */
export type EndedUncalled = LedgerReason & { readonly state: 'failed' | 'expired' };

/** What a worker that has looked into the ledger is to do. */
export type LedgerDecision =
  /** Write the entry; if nobody was faster, the event is the worker's to call (or has ended). */
  | { readonly kind: 'take'; readonly entry: LedgerEntry }
  /** Write the entry; if nobody was faster, the event's dead letter is the worker's to write. */
  | { readonly kind: 'bury'; readonly entry: LedgerEntry }
  /** Leave it for now: another worker is at it, or its next attempt is not due. */
  | { readonly kind: 'busy' }
  /** Leave it: it has ended. */
  | { readonly kind: 'duplicate'; readonly of: LedgerState };

/** Decides what a worker may do with an event, by what the ledger has of it: the only place where that is decided. */
export function decideClaim(
  found: LedgerEntry | undefined,
  claimant: Claimant,
  now: Date,
  ended?: EndedUncalled,
): LedgerDecision {
  if (found?.state === 'delivered') return { kind: 'duplicate', of: 'delivered' };
  if (found !== undefined && found.leaseUntil.getTime() > now.getTime()) return { kind: 'busy' };
  if (found === undefined || mayBeTaken(found, claimant.permission)) {
    const entry = ended ? endUncalled(found, claimant, now, ended) : takeUp(found, claimant, now);
    return { kind: 'take', entry };
  }
  const hasEnded = found.state === 'expired' || found.deadLetteredAt !== undefined;
  if (hasEnded) return { kind: 'duplicate', of: found.state };
  return { kind: 'bury', entry: prepareBurial(found, claimant, now) };
}

function mayBeTaken(found: LedgerEntry, { repeatsUnconfirmed, replays }: ClaimPermission): boolean {
  const isParked = found.deadLetteredAt !== undefined;
  switch (found.state) {
    case 'waiting':
      return true;
    case 'delivered':
      return false;
    // Its worker has died in the call, or after it: perhaps it was accepted.
    case 'claimed':
    case 'unconfirmed':
      return (repeatsUnconfirmed && !isParked) || replays?.unconfirmed === true;
    case 'failed':
    case 'expired':
      return replays?.[found.state] === true;
  }
}

/** Claimed for a call, which counts from here on: if the worker dies, nobody can tell whether it was made. */
function takeUp(found: LedgerEntry | undefined, claimant: Claimant, now: Date): LedgerEntry {
  return {
    ...begin(found, claimant, now),
    state: 'claimed',
    attempts: (found?.attempts ?? 0) + 1,
    firstAttemptAt: found?.firstAttemptAt ?? now,
    lastAttemptAt: now,
  };
}

function endUncalled(
  found: LedgerEntry | undefined,
  claimant: Claimant,
  now: Date,
  { state, ...reason }: EndedUncalled,
): LedgerEntry {
  const { firstAttemptAt, lastAttemptAt, attempts = 0 } = found ?? {};
  const begun = begin(found, claimant, now);
  return {
    ...begun,
    ...reason,
    state: begun.isUnsure && state === 'failed' ? 'unconfirmed' : state,
    attempts,
    ...(firstAttemptAt && { firstAttemptAt }),
    ...(lastAttemptAt && { lastAttemptAt }),
    // Nothing is left to be done about what has expired.
    ...(state === 'expired' && { leaseUntil: now }),
  };
}

function begin(found: LedgerEntry | undefined, claimant: Claimant, now: Date) {
  const isUnsure = found?.isUnsure === true || found?.state === 'unconfirmed' || found?.state === 'claimed';
  return {
    ...claimant.key,
    ...claimant.facts,
    owner: claimant.owner,
    revision: (found?.revision ?? 0) + 1,
    ...(isUnsure && { isUnsure: true as const }),
    ...leased(claimant, now),
  };
}

function leased({ leaseMilliseconds }: Claimant, now: Date) {
  return { leaseUntil: new Date(now.getTime() + leaseMilliseconds), expiresAt: expiry(now) };
}

function expiry(now: Date): Date {
  return new Date(now.getTime() + LEDGER_DAYS * 86_400_000);
}

/** What has ended is to be dead-lettered by the worker that found it so; a claim that was left behind ends as unconfirmed. */
function prepareBurial(found: LedgerEntry, claimant: Claimant, now: Date): LedgerEntry {
  const next = { ...found, ...leased(claimant, now), owner: claimant.owner, revision: found.revision + 1 };
  if (found.state !== 'claimed') return next;
  return { ...next, state: 'unconfirmed', code: 'unconfirmed', stage: 'deliver', detail: 'worker-lost' };
}

/** What came of a call. */
export type Settlement =
  | { readonly state: 'delivered'; readonly transactionId: string; readonly answer: AnswerFacts }
  | (LedgerReason & {
      readonly state: 'waiting' | 'failed' | 'unconfirmed';
      readonly answer?: AnswerFacts;
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
    expiresAt: expiry(now),
  };
}

/** The entry once its dead letter is written: nothing is left to be done about it. */
export function markDeadLettered(entry: LedgerEntry, now: Date): LedgerEntry {
  const revision = entry.revision + 1;
  return { ...entry, revision, leaseUntil: now, deadLetteredAt: now, expiresAt: expiry(now) };
}
