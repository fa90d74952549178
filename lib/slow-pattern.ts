import { isSafe, isSafePattern } from 'redos-detector';

/** A pattern that is too intricate to be judged in this time is too intricate. */
const TIMEOUT_MS = 2000;

/** Why a pattern can be made slow by the text that it is tried on; `undefined` where it cannot. */
export function explainSlow(pattern: string | RegExp): string | undefined {
  try {
    const config = { timeout: TIMEOUT_MS };
    const { safe } = typeof pattern === 'string' ? isSafePattern(pattern, config) : isSafe(pattern, config);
    if (safe) return undefined;
  } catch {
    return 'cannot be checked for its speed. Write it without named groups and inline flags.';
  }
  return (
    'can be made very slow by a text that almost fits, which anyone can send. ' +
    'Begin it with ^, and repeat nothing that repeats: "^v1=(.+)$".'
  );
}
