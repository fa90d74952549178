import { fail, type Result, succeed } from '../../result.ts';
import {
  expiryOf,
  type IntakeRecord,
  type LedgerEntry,
  type LedgerFacts,
  type LedgerKey,
  type LedgerReason,
  type LedgerState,
} from './entry.ts';
import { type ClaimPermission, mayBeTaken } from './permission.ts';

/** The ledger could not be reached or did not answer; `cause` is the name of what went wrong. */
export type LedgerFailure = { readonly code: 'ledger-unavailable'; readonly cause: string };

/** Where the ledger is kept. */
export type LedgerStore = {
  /** Reads an entry as it is now: a consistent read. */
  readonly read: (key: LedgerKey) => Promise<Result<LedgerEntry | undefined, LedgerFailure>>;
  /** Writes an entry only if the ledger still has the one before it: nobody else has gone on from there. */
  readonly write: (entry: LedgerEntry) => Promise<Result<'written' | 'changed', LedgerFailure>>;
};

type LedgerDependencies = { readonly ledger: LedgerStore; readonly now: () => Date };

/** A worker that wants to take an event, and what it knows of it. */
export type Claimant = {
  readonly key: LedgerKey;
  readonly facts: LedgerFacts;
  /** Random, new with each claim. */
  readonly owner: string;
  /** Longer than the worker can live. */
  readonly leaseMilliseconds: number;
  readonly permission: ClaimPermission;
  /** Written into the entry if this is its first: then the intake record costs no write of its own. */
  readonly intakeRecord?: IntakeRecord;
};

/** How an event ends without a call: it is too old, cannot be mapped, or has waited for too long. */
export type EndedUncalled = LedgerReason & { readonly state: 'failed' | 'expired' };

/** What a worker that has looked into the ledger is to do. */
export type LedgerDecision =
  /** Write the entry; if nobody was faster, call the event (or it has ended). */
  | { readonly kind: 'take'; readonly entry: LedgerEntry }
  /** Write the entry; if nobody was faster, write the event's dead letter. */
  | { readonly kind: 'dead-letter'; readonly entry: LedgerEntry }
  /** Leave it for now: another worker has it, or its next attempt is not due. */
  | { readonly kind: 'busy' }
  /** Leave it: it has ended. */
  | { readonly kind: 'duplicate'; readonly of: LedgerState };

/** Give up after this many conflicts with other workers; SQS delivers the message again. */
const MAX_TRIES = 4;

/**
 * Claims an event before it is called, or ends it without a call. Most events are new, so that is tried first: one
 * conditional write, and no read. Of two workers that want the same event, one writes; the other reads what was written.
 */
export async function claimEvent(
  claimant: Claimant,
  { ledger, now }: LedgerDependencies,
  ended?: EndedUncalled,
): Promise<Result<LedgerDecision, LedgerFailure>> {
  let found: LedgerEntry | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const decision = decideClaim(found, claimant, now(), ended);
    if (!('entry' in decision)) return succeed(decision);
    const attempted = await attemptWrite(decision.entry, ledger);
    if (!attempted.ok) return attempted;
    if (attempted.value.isWritten) return succeed(decision);
    found = attempted.value.found;
  }
  return succeed({ kind: 'busy' });
}

/** Decides what a worker may do with an event that the ledger has so. Nothing else decides that. */
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
  return { kind: 'dead-letter', entry: takeForDeadLetter(found, claimant, now) };
}

/** Claims an event for a call. The call counts from here on: if the worker dies, nobody can tell whether it was made. */
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
  // What may have been accepted ends as unconfirmed, whatever the reason: a person decides.
  const end = begun.isUnsure ? 'unconfirmed' : state;
  return {
    ...begun,
    ...reason,
    state: end,
    attempts,
    ...(firstAttemptAt && { firstAttemptAt }),
    ...(lastAttemptAt && { lastAttemptAt }),
    // An expired event needs no dead letter: its lease is over at once.
    ...(end === 'expired' && { leaseUntil: now }),
  };
}

function begin(found: LedgerEntry | undefined, claimant: Claimant, now: Date) {
  const isUnsure = found?.isUnsure === true || found?.state === 'unconfirmed' || found?.state === 'claimed';
  const { intakeRecord } = found ?? claimant;
  return {
    ...claimant.key,
    ...claimant.facts,
    owner: claimant.owner,
    revision: (found?.revision ?? 0) + 1,
    ...(isUnsure && { isUnsure: true as const }),
    ...(found?.history && { history: found.history }),
    ...(intakeRecord && { intakeRecord }),
    ...leased(claimant, now),
  };
}

function leased({ leaseMilliseconds }: Claimant, now: Date) {
  return { leaseUntil: new Date(now.getTime() + leaseMilliseconds), expiresAt: expiryOf(now) };
}

/** Takes an event that has ended, to dead-letter it. A claim whose worker died ends as unconfirmed. */
function takeForDeadLetter(found: LedgerEntry, claimant: Claimant, now: Date): LedgerEntry {
  const next = { ...found, ...leased(claimant, now), owner: claimant.owner, revision: found.revision + 1 };
  if (found.state !== 'claimed') return next;
  return { ...next, state: 'unconfirmed', code: 'unconfirmed', stage: 'deliver', detail: 'worker-lost' };
}

/** What a worker needs to settle an event that it has claimed. */
export type SettleDependencies = LedgerDependencies & {
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Until the function is ended from outside. */
  readonly remainingMilliseconds: () => number;
};

/** How much of the function's time stays reserved, in milliseconds: for the dead letter, and the answer to SQS. */
export const LEFT_MILLISECONDS = 3_000;

const FIRST_PAUSE_MILLISECONDS = 100;

/** Another worker has gone on from this worker's entry: the lease had run out. */
type TakenOver = { readonly code: 'taken-over' };

/**
 * Writes the entry that follows the owner's own. While the ledger cannot be reached, the write is repeated as long as
 * there is time: Webex Campaign does not answer the same call twice.
 */
export async function writeSettled(
  next: LedgerEntry,
  { ledger, pause, remainingMilliseconds }: SettleDependencies,
): Promise<Result<LedgerEntry, LedgerFailure | TakenOver>> {
  for (let wait = FIRST_PAUSE_MILLISECONDS; ; wait *= 2) {
    const written = await attemptWrite(next, ledger);
    if (written.ok) return written.value.isWritten ? succeed(next) : fail({ code: 'taken-over' });
    if (remainingMilliseconds() - wait < LEFT_MILLISECONDS) return written;
    await pause(wait);
  }
}

/** Writes an entry, or reads the one that stands in its place. */
async function attemptWrite(
  entry: LedgerEntry,
  ledger: LedgerStore,
): Promise<Result<{ readonly isWritten: boolean; readonly found?: LedgerEntry | undefined }, LedgerFailure>> {
  const written = await ledger.write(entry);
  if (!written.ok) return written;
  if (written.value === 'written') return succeed({ isWritten: true });
  const read = await ledger.read(entry);
  if (!read.ok) return read;
  return succeed({ isWritten: isSame(read.value, entry), found: read.value });
}

/**
 * Whether the ledger has just this entry. The SDK repeats a write whose answer was lost, and its condition then fails
 * because the first one succeeded. The owner is random, so nobody else can have written it.
 */
function isSame(found: LedgerEntry | undefined, written: LedgerEntry): boolean {
  return found !== undefined && found.owner === written.owner && found.revision === written.revision;
}
