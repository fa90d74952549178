import { Buffer } from 'node:buffer';

/** What CloudWatch Logs adds to each line that it bills (API reference, PutLogEvents). */
const OVERHEAD_BYTES = 26;

/** What a line of a log is billed as. */
export function lineBytes(line: string): number {
  return Buffer.byteLength(line.trimEnd()) + OVERHEAD_BYTES;
}
