import { type Result, succeed } from '../result.ts';
import { type Claimant, decideClaim, type EndedUncalled, type LedgerDecision } from './ledger.ts';
import type { LedgerEntry, LedgerKey } from './ledger-entry.ts';

/** The ledger could not be reached or did not answer; `cause` is the name of what went wrong. */
export type LedgerFailure = { readonly code: 'ledger-unavailable'; readonly cause: string };

/** Where the ledger is kept. */
export type LedgerStore = {
  /** As it is now, not as it was a moment ago. */
  readonly read: (key: LedgerKey) => Promise<Result<LedgerEntry | undefined, LedgerFailure>>;
  /** Writes an entry only if the one before it is what the ledger still has: nobody else has gone on from there. */
  readonly write: (entry: LedgerEntry) => Promise<Result<'written' | 'changed', LedgerFailure>>;
};

export type LedgerDependencies = { readonly ledger: LedgerStore; readonly now: () => Date };

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
export async function attemptWrite(
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
