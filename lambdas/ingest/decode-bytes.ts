import { Buffer } from 'node:buffer';

const HEX = /^[0-9a-f]+$/i;

/**
 * The bytes that a text stands for, or `undefined` where it is not the one way to write them: `Buffer.from` alone would
 * skip what it does not know, and two texts would then pass for one signature. Hex may be in either case.
 */
export function decodeBytes(text: string, encoding: 'hex' | 'base64'): Buffer | undefined {
  // Asked first: for its digits, Node looks at the lower half of each character alone.
  if (encoding === 'hex' && !HEX.test(text)) return undefined;
  const bytes = Buffer.from(text, encoding);
  const isCanonical =
    encoding === 'hex' ? bytes.length * 2 === text.length : bytes.toString(encoding) === text;
  return isCanonical && bytes.length > 0 ? bytes : undefined;
}
