import type { LedgerEntry } from './ledger-entry.ts';
import type { Settlement } from './ledger-settlement.ts';

/** What came of one call, as the ledger keeps it for those who ask later. */
export type PastAttempt = {
  /** When it was begun. */
  readonly at: Date;
  /** `delivered`, or why it was not. */
  readonly code: string;
  readonly status?: number;
  /** The code in the answer's body. */
  readonly answerCode?: string;
  /** The event definition that was called; missing in what was written before this was kept. */
  readonly eventId?: string;
};

/** So many calls are remembered one by one, the latest: an item must not grow with every retry of a long day. */
const REMEMBERED_ATTEMPTS = 12;

/** Adds the call that has just been settled. */
export function rememberAttempt(entry: LedgerEntry, settlement: Settlement): LedgerEntry {
  if ('isUncalled' in settlement || entry.lastAttemptAt === undefined) return entry;
  const { status, code: answerCode } = settlement.answer ?? {};
  const attempt: PastAttempt = {
    at: entry.lastAttemptAt,
    code: settlement.state === 'delivered' ? 'delivered' : settlement.code,
    ...(status !== undefined && { status }),
    ...(answerCode !== undefined && { answerCode }),
    ...(entry.eventId !== undefined && { eventId: entry.eventId }),
  };
  return { ...entry, history: [...(entry.history ?? []), attempt].slice(-REMEMBERED_ATTEMPTS) };
}
