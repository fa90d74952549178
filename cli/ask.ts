import { createInterface } from 'node:readline/promises';

/** Asks a person; only where there is one. */
export type Ask = (question: string) => Promise<boolean>;

/** Asks on stderr, so that what a program reads stays clean; nobody is asked where nobody sits. */
export function askAtTerminal(): Ask | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await terminal.question(question);
    terminal.close();
    return /^y(es)?$/i.test(answer.trim());
  };
}
