import type { AnswerFacts } from './classify-answer.ts';
import { expiryOf, type LedgerEntry, type LedgerReason } from './ledger-entry.ts';

/** What came of a call. */
export type Settlement =
  | { readonly state: 'delivered'; readonly transactionId: string; readonly answer: AnswerFacts }
  | (LedgerReason & {
      readonly state: 'waiting' | 'failed' | 'unconfirmed';
      readonly answer?: AnswerFacts;
      readonly transactionId?: string;
      /** When it may be tried again, where it is to be. */
      readonly tryAgainAt?: Date;
      /** Given where the call was not made after all. */
      readonly isUncalled?: true;
    });

/** The entry with what came of its owner's call. */
export function settleEntry(entry: LedgerEntry, settlement: Settlement, now: Date): LedgerEntry {
  const { code: _, stage: __, detail: ___, answer: ____, ...kept } = entry;
  const { isUncalled, tryAgainAt, state, ...facts } = {
    isUncalled: undefined,
    tryAgainAt: undefined,
    ...settlement,
  };
  return {
    ...kept,
    ...facts,
    // What may have been accepted once stays that, whatever is answered to a repetition.
    state: entry.isUnsure && state !== 'delivered' ? 'unconfirmed' : state,
    attempts: entry.attempts - (isUncalled ? 1 : 0),
    ...(tryAgainAt && { leaseUntil: tryAgainAt }),
    revision: entry.revision + 1,
    expiresAt: expiryOf(now),
  };
}

/** The entry once its dead letter is written: nothing is left to be done about it. */
export function markDeadLettered(entry: LedgerEntry, now: Date): LedgerEntry {
  const revision = entry.revision + 1;
  return { ...entry, revision, leaseUntil: now, deadLetteredAt: now, expiresAt: expiryOf(now) };
}
