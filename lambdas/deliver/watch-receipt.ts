import type { LedgerStore } from './claim-event.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import type { Receipt } from './receipt.ts';

/** A ledger, and what its reads and writes have shown of one delivery's receipt. */
export type WatchedLedger = {
  readonly ledger: LedgerStore;
  /** Whether an entry has it for certain: one that was written now, or one of an earlier time that the message came. */
  readonly hasReceipt: () => boolean;
};

/**
 * Watches a ledger for the receipt of one delivery. Whatever goes wrong about a claim, only an entry that was written or
 * read counts: an answer that was lost leaves the receipt to the next claim, or to an item of its own.
 */
export function watchReceipt({ read, write }: LedgerStore, { webhookId }: Receipt): WatchedLedger {
  let isSeen = false;
  const look = (entry: LedgerEntry | undefined) => {
    isSeen ||= entry?.receipt?.webhookId === webhookId;
  };
  return {
    hasReceipt: () => isSeen,
    ledger: {
      read: async (key) => {
        const found = await read(key);
        if (found.ok) look(found.value);
        return found;
      },
      write: async (entry) => {
        const written = await write(entry);
        if (written.ok && written.value === 'written') look(entry);
        return written;
      },
    },
  };
}
