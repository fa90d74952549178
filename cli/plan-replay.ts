import type { Replay } from '../lambdas/buffer/replay.ts';
import type { LedgerEntry } from '../lambdas/deliver/ledger-entry.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { wasTooOld } from '../lib/map/preview-webhook.ts';
import type { DeadLetter } from './dead-letter.ts';
import { type LetterPreview, previewedEvent } from './preview-letter.ts';

/** What a person has given leave for. */
export type ReplayLeave = {
  /** To send again what may have been accepted. */
  readonly unconfirmed?: boolean | undefined;
  /** To send what is older than its mapping's `max-age`. */
  readonly late?: boolean | undefined;
};

/** What is known when it is decided. */
export type ReplayFacts = {
  /** The event's entry in the ledger. */
  readonly entry: LedgerEntry | undefined;
  /** What the mapping makes of it now, where that can be told. */
  readonly preview: LetterPreview | undefined;
  readonly now: Date;
};

/**
 * Whether a dead letter goes back to the buffer, and with which leave; fails with the reason for which it stays. It goes
 * by the ledger before the note: only the ledger knows whether an earlier attempt may have been accepted.
 */
export function planReplay(
  letter: DeadLetter,
  { entry, preview, now }: ReplayFacts,
  leave: ReplayLeave,
): Result<Replay, string> {
  const { note } = letter;
  // Nothing is known of any event: each goes on from where the ledger has it.
  if (note?.event === undefined) return succeed(leave.late === true ? { late: true } : {});
  const reason = whyNot(letter, { entry, preview, now }, leave);
  return reason === undefined
    ? succeed(writeReplay({ ...note, event: note.event }, entry, leave))
    : fail(reason);
}

/** Why a dead letter stays where it is. */
function whyNot(
  letter: DeadLetter,
  { entry, preview, now }: ReplayFacts,
  { unconfirmed, late }: ReplayLeave,
): string | undefined {
  if (isAtWork(entry, now)) return 'a worker is at it: try again in a minute';
  if (isUnsure(letter, entry) && unconfirmed !== true) {
    return 'it may have been accepted: only "replay ID --unconfirmed" sends it again';
  }
  if (preview !== undefined && isTooOld(letter, preview, now) && late !== true) {
    return 'it is older than its max-age by now: only --late sends it';
  }
  return undefined;
}

function writeReplay(
  { event, item }: { readonly event: string; readonly item?: number | undefined },
  entry: LedgerEntry | undefined,
  { unconfirmed, late }: ReplayLeave,
): Replay {
  return {
    event,
    ...(item !== undefined && { item }),
    ...(entry !== undefined && { revision: entry.revision }),
    ...(unconfirmed === true && { unconfirmed }),
    ...(late === true && { late }),
  };
}

function isAtWork(entry: LedgerEntry | undefined, now: Date): boolean {
  if (entry === undefined || entry.state === 'delivered' || entry.deadLetteredAt !== undefined) return false;
  return entry.leaseUntil.getTime() > now.getTime();
}

/** Of what the ledger has forgotten, or never knew, the note has the last word. */
function isUnsure({ code }: DeadLetter, entry: LedgerEntry | undefined): boolean {
  if (entry === undefined) return code === 'unconfirmed';
  return entry.state === 'unconfirmed' || entry.state === 'claimed';
}

function isTooOld(letter: DeadLetter, preview: LetterPreview, now: Date): boolean {
  const mapped = previewedEvent(letter, preview);
  if (mapped?.kind !== 'event') return false;
  const receivedAt = letter.receivedAt === undefined ? now : new Date(letter.receivedAt);
  return wasTooOld({ ...mapped, occurredAt: mapped.occurredAt ?? receivedAt }, now);
}
