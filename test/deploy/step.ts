import { writeFileSync } from 'node:fs';

/** With what a step reports what it does, and proves what it claims. */
export type Reporter = {
  readonly report: (text: string) => void;
  /** Reports a sentence that holds; throws it if it does not hold, with what was found instead. */
  readonly prove: (sentence: string, holds: boolean, found?: unknown) => void;
};

export type Step = { readonly title: string; readonly run: (reporter: Reporter) => Promise<void> };

/** How a suite ended; a step that was never reached has failed too. */
export type Outcome = { readonly passed: number; readonly failed: number };

const reporter: Reporter = {
  report: (text) => write(`   ${text}`),
  prove: (sentence, holds, found) => {
    if (!holds) throw new Error(`Not so: ${sentence}${found === undefined ? '' : `\n${formatFound(found)}`}`);
    write(`   ✓ ${sentence}`);
  },
};

/**
 * Runs steps one after the other until one fails: each builds on those before it. The outcome is written to
 * `resultsFile` before anything runs, so that a suite that is killed counts as one that failed.
 */
export async function runSteps(
  steps: readonly Step[],
  { signal, resultsFile }: { readonly signal: AbortSignal; readonly resultsFile: string | undefined },
): Promise<Outcome> {
  let passed = 0;
  const outcome = () => ({ passed, failed: steps.length - passed });
  const record = () => {
    if (resultsFile !== undefined) writeFileSync(resultsFile, JSON.stringify(outcome()));
  };
  record();
  for (const [index, { title, run }] of steps.entries()) {
    write(`\n${index + 1}. ${title}`);
    const failure = await failureOf(run(reporter), signal);
    if (failure !== undefined) {
      write(`   ✗ ${failure}`);
      break;
    }
    passed += 1;
    record();
  }
  return outcome();
}

/** Waits for a step, or for the abort signal. */
async function failureOf(step: Promise<void>, signal: AbortSignal): Promise<string | undefined> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    await Promise.race([step, aborted]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Asks until there is an answer; throws once the time is over. */
export async function until<Found>(
  what: string,
  seconds: number,
  ask: () => Promise<Found | undefined>,
): Promise<Found> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const found = await ask();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`Waited ${seconds} s in vain for ${what}.`);
}

export function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function formatFound(found: unknown): string {
  return typeof found === 'string' ? found : JSON.stringify(found, null, 2);
}
