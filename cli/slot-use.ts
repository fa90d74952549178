import { CACHE_MILLISECONDS } from '../lambdas/adapters/secrets-manager.ts';
import type { SlotTrace } from './secret-kind.ts';

/** How often one value of a secret was used, and when last; slot 0 is the newest. */
export type SlotUse = { readonly slot: number; readonly count: number; readonly lastAt: Date };

/** Reads from the log which slots were used from a time on. */
export type ReadSlotUse = (trace: SlotTrace, since: Date) => Promise<readonly SlotUse[]>;

/** An old value has to have been silent for so long before it can go: vendors repeat for hours what was not taken. */
export const QUIET_HOURS = 24;

/** What the log says of a rotation. */
export type Verdict =
  /** There is one value: nothing is rotating. */
  | { readonly kind: 'single' }
  /** The old one was used, at last then. */
  | { readonly kind: 'old-used'; readonly lastAt: Date }
  /** Nothing has shown yet that the newest works. */
  | { readonly kind: 'newest-unused' }
  /** All is well so far, but not for long enough. */
  | { readonly kind: 'too-early'; readonly freeAt: Date }
  /** The old one can go; it was last used then, if ever since the rotation. */
  | { readonly kind: 'free'; readonly lastAt: Date | undefined };

/**
 * From when on a slot means what it means now: until every function has read the secret anew, slot 0 may be the value
 * that is the old one now.
 */
export function traceableFrom(changedAt: Date): Date {
  return new Date(changedAt.getTime() + CACHE_MILLISECONDS);
}

/** Judges whether the old values of a secret can go. */
export function judgeRotation(
  { values, changedAt }: { readonly values: number; readonly changedAt: Date },
  uses: readonly SlotUse[],
  now: Date,
): Verdict {
  if (values <= 1) return { kind: 'single' };
  const quiet = QUIET_HOURS * 3_600_000;
  const lastAt = lastOf(uses.filter(({ slot }) => slot > 0));
  if (lastAt !== undefined && now.getTime() - lastAt.getTime() < quiet) return { kind: 'old-used', lastAt };
  if (!uses.some(({ slot }) => slot === 0)) return { kind: 'newest-unused' };
  const freeAt = new Date(traceableFrom(changedAt).getTime() + quiet);
  return now < freeAt ? { kind: 'too-early', freeAt } : { kind: 'free', lastAt };
}

function lastOf(uses: readonly SlotUse[]): Date | undefined {
  if (uses.length === 0) return undefined;
  return new Date(Math.max(...uses.map(({ lastAt }) => lastAt.getTime())));
}
