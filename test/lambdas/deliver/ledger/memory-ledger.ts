import type { LedgerStore } from '../../../../lambdas/deliver/ledger/decision.ts';
import type { LedgerEntry, LedgerKey } from '../../../../lambdas/deliver/ledger/entry.ts';
import { succeed } from '../../../../lambdas/result.ts';

/** A ledger in memory, and all that is in it by `webhook event`. */
export type MemoryLedger = LedgerStore & { readonly entries: Map<string, LedgerEntry> };

export function createMemoryLedger(): MemoryLedger {
  const entries = new Map<string, LedgerEntry>();
  const nameOf = ({ webhook, event }: LedgerKey) => `${webhook} ${event}`;
  return {
    entries,
    read: async (key) => succeed(entries.get(nameOf(key))),
    write: async (entry) => {
      if ((entries.get(nameOf(entry))?.revision ?? 0) !== entry.revision - 1) return succeed('changed');
      entries.set(nameOf(entry), entry);
      return succeed('written');
    },
  };
}
