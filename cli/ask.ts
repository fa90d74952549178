import { createInterface } from 'node:readline/promises';

/** Asks a person; only where there is one. */
export type Ask = (question: string) => Promise<boolean>;

type Terminal<Stream> = Stream & { readonly isTTY?: boolean };

/**
 * Asks with `output`, which is stderr, so that what a program reads stays clean; nobody is asked where nobody sits. Only
 * "y" and "yes" are a yes.
 */
export function askAtTerminal(
  input: Terminal<NodeJS.ReadableStream>,
  output: Terminal<NodeJS.WritableStream>,
): Ask | undefined {
  if (input.isTTY !== true || output.isTTY !== true) return undefined;
  return async (question) => {
    const terminal = createInterface({ input, output });
    const answer = await terminal.question(question);
    terminal.close();
    return /^y(es)?$/i.test(answer.trim());
  };
}
