import { isAbout, type Replay } from '../buffer/replay.ts';
import type { Mapped } from '../map/webhook.ts';
import type { ClaimPermission } from './ledger.ts';
import type { LedgerEntry } from './ledger-entry.ts';

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

/**
 * An unsure event that a person has sent again, and that was certainly not accepted this time, goes on being tried by the
 * same message: throttled, say, or held by the breaker.
 */
export function goesOnReplaying(
  { state, code, deadLetteredAt }: LedgerEntry,
  { replays }: ClaimPermission,
): boolean {
  const isRefused = state === 'unconfirmed' && code !== 'unconfirmed';
  return replays?.unconfirmed === true && isRefused && deadLetteredAt === undefined;
}
