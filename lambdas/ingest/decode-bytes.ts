import { Buffer } from 'node:buffer';

/**
 * The bytes that a text stands for, or `undefined` where it is not the one way to write them: `Buffer.from` alone would
 * skip what it does not know, and two texts would then pass for one signature. Hex may be in either case.
 */
export function decodeBytes(text: string, encoding: 'hex' | 'base64'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  const isCanonical =
    bytes.length > 0 && bytes.toString(encoding) === (encoding === 'hex' ? text.toLowerCase() : text);
  return isCanonical ? bytes : undefined;
}
