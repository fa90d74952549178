import { findLongIntegers, hasLargeExponent } from './long-numbers.ts';

const NUMBER_ALONE = /^-?\d/;

/** A sign and 16 digits: what is longer is beyond 2^53. */
const SAFE_LENGTH = 17;

/** Texts, to be passed over, and long numbers, in the places where a number is a value. */
const TEXT_OR_LONG_NUMBER =
  /"(?:[^"\\]|\\.)*"|(?<=^|[:,[\s])-?(?:[1-9]\d{15,}|(?:0|[1-9]\d*)(?:\.\d+)?[eE][+-]?\d{3,})(?=\s*(?:[,\]}]|$))/g;

/**
 * Parses JSON so that every integer keeps every digit: one beyond 2^53 becomes the text of its digits, since ids of
 * 18 digits are common (Shopify) and a double would round them. Throws as `JSON.parse` does: to put a text in the place of
 * a number makes nothing valid that was not, since no name of a member is touched.
 */
export function parseJson(text: string): unknown {
  const long = NUMBER_ALONE.test(text) || hasLargeExponent(text) ? 'unclear' : findLongIntegers(text);
  if (long === 'unclear') return JSON.parse(text.replaceAll(TEXT_OR_LONG_NUMBER, keepDigits));
  if (long.length === 0) return JSON.parse(text);

  let kept = '';
  let from = 0;
  for (const [start, end] of long) {
    const token = text.slice(start, end);
    kept += text.slice(from, start) + (token.length > SAFE_LENGTH ? `"${token}"` : keepDigits(token));
    from = end;
  }
  return JSON.parse(kept + text.slice(from));
}

function keepDigits(token: string): string {
  if (token.startsWith('"')) return token;
  const value = Number(token);
  const isKept = Number.isFinite(value) && (Number.isSafeInteger(value) || !/^-?\d+$/.test(token));
  return isKept ? token : `"${token}"`;
}
