import { fail, type Result, succeed } from '../result.ts';
import { attemptWrite, type LedgerDependencies, type LedgerFailure } from './claim-event.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** What a worker needs to write down what it must not forget. */
export type SettleDependencies = LedgerDependencies & {
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Until the function is ended from outside. */
  readonly remainingMilliseconds: () => number;
};

/** Left of the function's time for everything else, in milliseconds: the dead letter, and the answer to SQS. */
export const LEFT_MILLISECONDS = 3_000;

const FIRST_PAUSE_MILLISECONDS = 100;

/** Somebody else has gone on from where this worker was: its lease had run out. */
export type TakenOver = { readonly code: 'taken-over' };

/**
 * Writes an entry that goes on from the owner's own. A ledger that cannot be reached is asked again as long as there is
 * time: what Webex Campaign answered is not to be had twice.
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
