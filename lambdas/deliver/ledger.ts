import { isAbout, type Replay } from '../buffer/replay.ts';
import type { Mapped } from '../map/webhook.ts';
import {
  expiryOf,
  type LedgerEntry,
  type LedgerFacts,
  type LedgerKey,
  type LedgerReason,
  type LedgerState,
} from './ledger-entry.ts';
import type { Receipt } from './receipt.ts';

/** Which events, beside those that wait, may be taken up again though they were, or may have been, called before. */
export type ClaimPermission = {
  /** By the mapping (`on-unconfirmed: retry`): what may have been accepted, unless it is parked as a dead letter. */
  readonly repeatsUnconfirmed: boolean;
  /** By a person's decision: what has ended so, dead-lettered or not. */
  readonly replays?: Readonly<Partial<Record<'failed' | 'unconfirmed' | 'expired', true>>>;
  /** The one revision of the entry that the person has seen and means; without it, whatever is found. */
  readonly replaysRevision?: number;
};

/**
 * What a message may take up again: by the mapping what is unconfirmed, and by a person's replay the one event that it
 * is about. What may have been accepted needs the person's explicit word; too late is another.
 */
export function claimPermission(mapped: Mapped, replay: Replay | undefined): ClaimPermission {
  const byMapping = { repeatsUnconfirmed: mapped.terms.onUnconfirmed === 'retry' };
  // Without a revision the ledger held nothing that a person could have seen, and there is nothing to give leave for.
  if (replay?.revision === undefined || !isAbout(replay, mapped)) return byMapping;
  const { revision, unconfirmed, late } = replay;
  return {
    ...byMapping,
    replays: {
      failed: true,
      ...(unconfirmed && { unconfirmed }),
      ...(late && { expired: late }),
    },
    replaysRevision: revision,
  };
}

/** A worker that wants to take an event, and what it knows of it. */
export type Claimant = {
  readonly key: LedgerKey;
  readonly facts: LedgerFacts;
  /** Random, new with each claim. */
  readonly owner: string;
  /** Longer than the worker can live. */
  readonly leaseMilliseconds: number;
  readonly permission: ClaimPermission;
  /** Goes into the entry if this is its first: a receipt costs no write of its own then. */
  readonly receipt?: Receipt;
};

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

function mayBeTaken(found: LedgerEntry, permission: ClaimPermission): boolean {
  const { repeatsUnconfirmed, replaysRevision = found.revision } = permission;
  // A replay's leave is used up by the first claim: whoever finds a later entry finds what came of it.
  const replays = replaysRevision === found.revision ? permission.replays : undefined;
  const isParked = found.deadLetteredAt !== undefined;
  switch (found.state) {
    case 'waiting':
      return true;
    case 'delivered':
      return false;
    // Its worker has died in the call, or after it: perhaps it was accepted.
    case 'claimed':
    case 'unconfirmed':
      return (
        (repeatsUnconfirmed && !isParked) ||
        replays?.unconfirmed === true ||
        goesOnReplaying(found, permission)
      );
    case 'failed':
    case 'expired':
      return replays?.[found.state] === true;
  }
}

/**
 * An unsure event that a person has sent again, and that was certainly not accepted this time, goes on being tried by the
 * same message: throttled, say, or held by the breaker.
 */
function goesOnReplaying(
  { state, code, deadLetteredAt }: LedgerEntry,
  { replays }: ClaimPermission,
): boolean {
  const isRefused = state === 'unconfirmed' && code !== 'unconfirmed';
  return replays?.unconfirmed === true && isRefused && deadLetteredAt === undefined;
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
  const { receipt } = found ?? claimant;
  return {
    ...claimant.key,
    ...claimant.facts,
    owner: claimant.owner,
    revision: (found?.revision ?? 0) + 1,
    ...(isUnsure && { isUnsure: true as const }),
    ...(found?.history && { history: found.history }),
    ...(receipt && { receipt }),
    ...leased(claimant, now),
  };
}

function leased({ leaseMilliseconds }: Claimant, now: Date) {
  return { leaseUntil: new Date(now.getTime() + leaseMilliseconds), expiresAt: expiryOf(now) };
}

/** What has ended is to be dead-lettered by the worker that found it so; a claim that was left behind ends as unconfirmed. */
function prepareBurial(found: LedgerEntry, claimant: Claimant, now: Date): LedgerEntry {
  const next = { ...found, ...leased(claimant, now), owner: claimant.owner, revision: found.revision + 1 };
  if (found.state !== 'claimed') return next;
  return { ...next, state: 'unconfirmed', code: 'unconfirmed', stage: 'deliver', detail: 'worker-lost' };
}
