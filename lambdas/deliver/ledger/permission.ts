import type { EventReplay } from '../../buffer/replay.ts';
import type { LedgerEntry } from './entry.ts';

/** What may be called again though it was called before, or may have been. */
export type ClaimPermission = {
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
export function mayBeTaken(found: LedgerEntry, permission: ClaimPermission): boolean {
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
export function standsAlone({ revision, deadLetteredAt }: LedgerEntry, { replay }: ClaimPermission): boolean {
  if (replay === undefined) return false;
  const hasGoneOn = replay.revision !== undefined && revision > replay.revision;
  return !(hasGoneOn && deadLetteredAt !== undefined);
}
