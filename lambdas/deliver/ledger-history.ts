import type { AnswerFacts } from './classify-answer.ts';
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
  const code = settlement.state === 'delivered' ? 'delivered' : settlement.code;
  const attempt = describeCall(entry, entry.lastAttemptAt, { code, answer: settlement.answer });
  return { ...entry, history: [...(entry.history ?? []), attempt].slice(-REMEMBERED_ATTEMPTS) };
}

/** The call that a settled entry itself tells of, so that its history need not; nothing where it tells of none. */
export function lastCallOf(entry: LedgerEntry): PastAttempt | undefined {
  const { lastAttemptAt, state, answer } = entry;
  const code = state === 'delivered' ? 'delivered' : entry.code;
  if (lastAttemptAt === undefined || code === undefined) return undefined;
  return describeCall(entry, lastAttemptAt, { code, answer });
}

function describeCall(
  { eventId }: LedgerEntry,
  at: Date,
  { code, answer }: { readonly code: string; readonly answer: AnswerFacts | undefined },
): PastAttempt {
  return {
    at,
    code,
    ...(answer && { status: answer.status }),
    ...(answer?.code !== undefined && { answerCode: answer.code }),
    ...(eventId !== undefined && { eventId }),
  };
}
