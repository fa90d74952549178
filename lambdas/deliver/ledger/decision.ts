import { isAbout, type Replay } from '../../buffer/replay.ts';
import type { Mapped } from '../../map/webhook.ts';
import { fail, type Result, succeed } from '../../result.ts';
import {
  expiryOf,
  type LedgerEntry,
  type LedgerFacts,
  type LedgerKey,
  type LedgerReason,
  type LedgerState,
} from './entry.ts';
import type { IntakeRecord } from './intake-record.ts';

/** Which events, beside those that wait, may be taken up again though they were, or may have been, called before. */
type ClaimPermission = {
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
  /** Goes into the entry if this is its first: an intake record costs no write of its own then. */
  readonly intakeRecord?: IntakeRecord;
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

/** What has ended is to be dead-lettered by the worker that found it so; a claim that was left behind ends as unconfirmed. */
function prepareBurial(found: LedgerEntry, claimant: Claimant, now: Date): LedgerEntry {
  const next = { ...found, ...leased(claimant, now), owner: claimant.owner, revision: found.revision + 1 };
  if (found.state !== 'claimed') return next;
  return { ...next, state: 'unconfirmed', code: 'unconfirmed', stage: 'deliver', detail: 'worker-lost' };
}

/** The ledger could not be reached or did not answer; `cause` is the name of what went wrong. */
export type LedgerFailure = { readonly code: 'ledger-unavailable'; readonly cause: string };

/** Where the ledger is kept. */
export type LedgerStore = {
  /** As it is now, not as it was a moment ago. */
  readonly read: (key: LedgerKey) => Promise<Result<LedgerEntry | undefined, LedgerFailure>>;
  /** Writes an entry only if the one before it is what the ledger still has: nobody else has gone on from there. */
  readonly write: (entry: LedgerEntry) => Promise<Result<'written' | 'changed', LedgerFailure>>;
};

type LedgerDependencies = { readonly ledger: LedgerStore; readonly now: () => Date };

/** Who loses against others so often can as well come again later. */
const MAX_TRIES = 4;

/**
 * Claims an event before it is called, or ends it without a call. Most events are new, so that is tried first: one
 * conditional write, and no read. Of two workers that want the same, one writes; the other reads what that one wrote.
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

/** Writes an entry, or finds what stands in its place. */
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
 * Whether the ledger has just this entry: a write whose answer was lost is repeated, and then refused for having been
 * successful. The owner is random, so nobody else can have written it.
 */
function isSame(found: LedgerEntry | undefined, written: LedgerEntry): boolean {
  return found !== undefined && found.owner === written.owner && found.revision === written.revision;
}

/** What a worker needs to write down what it must not forget. */
export type SettleDependencies = LedgerDependencies & {
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Until the function is ended from outside. */
  readonly remainingMilliseconds: () => number;
};

/** Left of the function's time for everything else, in milliseconds: the dead letter, and the answer to SQS. */
export const LEFT_MILLISECONDS = 3_000;

const FIRST_PAUSE_MILLISECONDS = 100;

/** Somebody else has gone on from where this worker was: its lease had run out. */
type TakenOver = { readonly code: 'taken-over' };

/**
 * Writes an entry that goes on from the owner's own. A ledger that cannot be reached is asked again as long as there is
 * time: what Webex Campaign answered is not to be had twice.
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
