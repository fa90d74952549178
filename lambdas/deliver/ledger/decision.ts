import type { EventReplay } from '../../buffer/replay.ts';
import { fail, type Result, succeed } from '../../result.ts';
import {
  expiryOf,
  hasEnded,
  type IntakeRecord,
  type LedgerEntry,
  type LedgerFacts,
  type LedgerFailure,
  type LedgerKey,
  type LedgerReason,
  type LedgerState,
  type LedgerStore,
} from './entry.ts';

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
  /** What the ledger had of the event when its webhook was opened; it may have changed since. */
  readonly found?: LedgerEntry;
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
  | { readonly kind: 'duplicate'; readonly of: LedgerState }
  /** Write nothing but its dead letter: a replay found that it has ended unsent, and nothing else stands for it. */
  | { readonly kind: 'unsent'; readonly found: LedgerEntry };

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
  let { found } = claimant;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const stands = await moveBack(found, { ledger, now });
    if (!stands.ok) return stands;
    found = stands.value;
    const decision = decideClaim(found, claimant, now(), ended);
    if (!('entry' in decision)) return succeed(decision);
    const attempted = await attemptWrite(decision.entry, ledger);
    if (!attempted.ok) return attempted;
    if (attempted.value.isWritten) return succeed(decision);
    found = attempted.value.found;
  }
  return succeed({ kind: 'busy' });
}

/** An event that was renamed has its old name again: what stands under the other key is moved back. */
async function moveBack(
  found: LedgerEntry | undefined,
  dependencies: LedgerDependencies,
): Promise<Result<LedgerEntry | undefined, LedgerFailure>> {
  if (found?.movedTo === undefined) return succeed(found);
  let last = found;
  for (let moves = 0; last.movedTo !== undefined && moves < MAX_TRIES; moves += 1) {
    const next = await dependencies.ledger.read(last.movedTo);
    if (!next.ok) return next;
    const { movedTo: _, ...entry } = last;
    last = next.value ?? entry;
  }
  return moveEntry(last, { key: found, over: found }, dependencies);
}

/**
 * Moves an entry to the key that its event has now: copies it, unless another worker was faster, and then says so in the
 * entry that stays behind. While another worker has the event, it stays. Of two copies, the one with the higher revision
 * says what became of the event. Returns what stands under the key as far as that is known.
 */
export async function moveEntry(
  from: LedgerEntry,
  { key: { webhook, event }, over }: { readonly key: LedgerKey; readonly over?: LedgerEntry | undefined },
  { ledger, now }: LedgerDependencies,
): Promise<Result<LedgerEntry | undefined, LedgerFailure>> {
  const { intakeRecord: _, movedTo: __, ...kept } = { ...from, webhook, event };
  // Another worker's claim: whoever looks at the copy finds it busy, and nothing is written.
  if (!hasEnded(from) && from.leaseUntil.getTime() > now().getTime()) return succeed(kept);
  const entry = over?.intakeRecord ? { ...kept, intakeRecord: over.intakeRecord } : kept;
  const copied = await ledger.copy(entry, over);
  if (!copied.ok) return copied;
  if (copied.value === 'changed') return succeed(undefined);
  // Without it, the copy's higher revision still says which of the two is the event's.
  await ledger.copy({ ...from, movedTo: { webhook, event } }, from);
  return succeed(entry);
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
  if (!hasEnded(found)) return { kind: 'dead-letter', entry: takeForDeadLetter(found, claimant, now) };
  const isUnsent = standsAlone(found, claimant.permission);
  return isUnsent ? { kind: 'unsent', found } : { kind: 'duplicate', of: found.state };
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

function leased({ leaseMilliseconds }: Pick<Claimant, 'leaseMilliseconds'>, now: Date) {
  return { leaseUntil: new Date(now.getTime() + leaseMilliseconds), expiresAt: expiryOf(now) };
}

/** Takes an event that has ended, to dead-letter it. A claim whose worker died ends as unconfirmed. */
function takeForDeadLetter(
  found: LedgerEntry,
  claimant: Pick<Claimant, 'owner' | 'leaseMilliseconds'>,
  now: Date,
): LedgerEntry {
  const next = { ...found, ...leased(claimant, now), owner: claimant.owner, revision: found.revision + 1 };
  if (found.state !== 'claimed') return next;
  return { ...next, state: 'unconfirmed', code: 'unconfirmed', stage: 'deliver', detail: 'worker-lost' };
}

/**
 * Takes an event that has not ended and that the mapping no longer has, to dead-letter it; `undefined` while another worker
 * has it. What may have been accepted stays unconfirmed.
 */
export function takeVanished(
  found: LedgerEntry,
  claimant: Pick<Claimant, 'owner' | 'leaseMilliseconds'>,
  now: Date,
): LedgerEntry | undefined {
  if (found.state !== 'waiting')
    return found.leaseUntil.getTime() > now.getTime() ? undefined : takeForDeadLetter(found, claimant, now);
  const { code: detail } = found;
  const reason = { stage: 'map', code: 'no-mapping', ...(detail !== undefined && { detail }) };
  return { ...takeForDeadLetter(found, claimant, now), ...reason, state: 'failed' };
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

/** What may be called again though it was called before, or may have been. */
type ClaimPermission = {
  /** By the mapping (`on-unconfirmed: retry`): what may have been accepted, unless it is parked as a dead letter. */
  readonly repeatsUnconfirmed: boolean;
  /** By a person: this event, in the state in which the person saw it. */
  readonly replay?: EventReplay;
};

/**
 * Whether an event that is in the ledger may be called, or ended, once more. A person's replay holds for the one revision
 * of the entry that the person saw, so the first claim uses it up. What may have been accepted needs the person's explicit
 * word, and what is too late another.
 */
function mayBeTaken(found: LedgerEntry, permission: ClaimPermission): boolean {
  const { repeatsUnconfirmed, replay } = permission;
  const isMeant = replay?.revision === found.revision;
  const isParked = found.deadLetteredAt !== undefined;
  switch (found.state) {
    case 'waiting':
      return true;
    case 'delivered':
      return false;
    // A claim whose lease has run out: its worker died in the call or after it, so the event may have been accepted.
    case 'claimed':
    case 'unconfirmed':
      return (
        (repeatsUnconfirmed && !isParked) ||
        (isMeant && replay.unconfirmed === true) ||
        goesOnReplaying(found, permission)
      );
    case 'failed':
      return isMeant;
    case 'expired':
      // 0.1.0 also let what may have been accepted expire.
      return isMeant && replay.late === true && (found.isUnsure !== true || replay.unconfirmed === true);
  }
}

/**
 * A replayed unconfirmed event that was certainly not accepted this time (it was throttled, say, or the breaker paused
 * it): the same message goes on trying it.
 */
function goesOnReplaying({ state, code, deadLetteredAt }: LedgerEntry, { replay }: ClaimPermission): boolean {
  const isReplayed = replay?.revision !== undefined && replay.unconfirmed === true;
  const isRefused = state === 'unconfirmed' && code !== 'unconfirmed';
  return isReplayed && isRefused && deadLetteredAt === undefined;
}

/**
 * Whether a replayed message is all that stands for an event that has ended unsent: it must become a dead letter again.
 * Once the entry has gone on since the person saw it, and was dead-lettered, that dead letter stands for the event.
 */
function standsAlone({ revision, deadLetteredAt }: LedgerEntry, { replay }: ClaimPermission): boolean {
  if (replay === undefined) return false;
  const hasGoneOn = replay.revision !== undefined && revision > replay.revision;
  return !(hasGoneOn && deadLetteredAt !== undefined);
}
