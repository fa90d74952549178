import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { SecretKind } from './secret-kind.ts';

/** What a person has typed or piped in. */
export type SecretInput = { readonly value: string; readonly second?: string };

/**
 * Asks for a value: at a terminal without showing it, otherwise from the standard input. It is never an argument, which
 * the shell's history and the list of processes would show.
 * @param wantsSecond whether what may stand beside the value is asked for too
 */
export type ReadSecretInput = (kind: SecretKind, wantsSecond: boolean) => Promise<SecretInput>;

export const readSecretInput: ReadSecretInput = async (kind, wantsSecond) => {
  if (!process.stdin.isTTY) return readPiped(await textOf(process.stdin), kind.isMultiline);
  if (kind.isMultiline) {
    throw new Error(`A PEM key has several lines: give its file as the standard input, "… < key.pem".`);
  }
  const value = await askSilently(`The ${kind.noun} of ${kind.title} (it is not shown): `);
  if (!wantsSecond || kind.second === undefined) return { value };
  const second = await askSilently(`The ${kind.second}, if there is one (Enter: none): `);
  return { value, ...(second !== '' && { second }) };
};

/** A value a line; a value of several lines is all that there is. The end of the last line is not part of it. */
export function readPiped(text: string, isMultiline: boolean): SecretInput {
  const whole = text.replace(/\r?\n$/, '');
  if (isMultiline) return { value: whole };
  const [value = '', second = '', ...more] = whole.split(/\r?\n/);
  if (more.length > 0)
    throw new Error('The standard input has more than two lines: one value a line is read.');
  return { value, ...(second !== '' && { second }) };
}

async function askSilently(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  const ending = new AbortController();
  terminal.once('SIGINT', () => ending.abort(new Error('Nothing was changed.')));
  try {
    return await terminal.question('', { signal: ending.signal });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
