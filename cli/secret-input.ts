import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import type { SecretKind } from './secret-kind.ts';

/** What a person has typed or piped in. */
export type SecretInput = { readonly value: string; readonly second?: string };

/**
 * Asks for a value: at a terminal without showing it, otherwise from the standard input. It is never an argument, which
 * the shell's history and the list of processes would show.
 * @param wantsSecond whether what may stand beside the value is asked for too
 */
export type ReadSecretInput = (
  kind: SecretKind,
  wantsSecond: boolean,
) => Promise<Result<SecretInput, string>>;

export const readSecretInput: ReadSecretInput = async (kind, wantsSecond) => {
  if (!process.stdin.isTTY) return readPiped(await textOf(process.stdin), kind.isMultiline);
  if (kind.isMultiline)
    return fail('A PEM key has several lines: give its file as the standard input, … < key.pem');
  const value = await askSilently(`The ${kind.noun} of ${kind.title} (it is not shown): `);
  if (value === undefined) return INTERRUPTED;
  if (!wantsSecond || kind.second === undefined) return succeed({ value });
  const second = await askSilently(`The ${kind.second}, if there is one (Enter: none): `);
  return second === undefined ? INTERRUPTED : succeed({ value, ...(second !== '' && { second }) });
};

const INTERRUPTED = fail('Nothing was changed.');

/** A value a line; a value of several lines is all that there is. The end of the last line is not part of it. */
export function readPiped(text: string, isMultiline: boolean): Result<SecretInput, string> {
  const whole = text.replace(/\r?\n$/, '');
  if (isMultiline) return succeed({ value: whole });
  const [value = '', second = '', ...more] = whole.split(/\r?\n/);
  if (more.length > 0) return fail('The standard input has more than two lines: one value a line is read.');
  return succeed({ value, ...(second !== '' && { second }) });
}

/** `undefined` where Ctrl-C was the answer. */
async function askSilently(question: string): Promise<string | undefined> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  try {
    return await new Promise((resolve) => {
      terminal.once('SIGINT', () => resolve(undefined));
      terminal.once('line', resolve);
      terminal.once('close', () => resolve(undefined));
    });
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
