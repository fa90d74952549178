/** From so many digits on an integer may be one that a double rounds: 2^53 has 16. */
const DIGITS = 16;

/** Where in a text a number stands that a double would round; or that some other may be one, and a closer look is due. */
export type LongIntegers = readonly (readonly [start: number, end: number])[] | 'unclear';

/**
 * Finds the integers of 16 digits and more that are a member's value. So many digits in a row cover a place that is a
 * multiple of 16, so that only these are looked at: the ids within texts are full of digits, and a search that read every
 * character would take as long as a third of `JSON.parse`.
 */
export function findLongIntegers(text: string): LongIntegers {
  const found: [number, number][] = [];
  // The place that was looked at last: what reaches back to it has been seen.
  let known = 0;
  for (let at = DIGITS - 1; at < text.length; at += DIGITS) {
    const start = startOfLong(text, at, known);
    known = at;
    if (start < 0) continue;
    const place = placeOf(text, start);
    if (place === 'unclear') return place;
    if (place === 'none') continue;
    const end = endOfDigits(text, at);
    if (isEndOfValue(text, end)) found.push([startOfNumber(text, start), end]);
  }
  return found;
}

/** Whether there may be a number with so large an exponent that no double holds it: not within a text, as far as can be told. */
export function hasLargeExponent(text: string): boolean {
  LARGE_EXPONENT.lastIndex = 0;
  for (let match = LARGE_EXPONENT.exec(text); match !== null; match = LARGE_EXPONENT.exec(text)) {
    let start = match.index;
    while (isDigit(text.charCodeAt(start - 1)) || text.charAt(start - 1) === '.') start -= 1;
    const at = startOfNumber(text, start);
    if (at === 0 || isSpaceOrMark(text.charCodeAt(at - 1))) return true;
  }
  return false;
}

const LARGE_EXPONENT = /\d[eE]\+?\d{3}/g;
const MINUS = 0x2d;
const QUOTE = 0x22;
const COLON = 0x3a;
const ZERO = 0x30;

/** Where the digits around a place begin; -1 if they are too few, or have been seen. */
function startOfLong(text: string, at: number, known: number): number {
  if (!isDigit(text.charCodeAt(at))) return -1;
  let start = at;
  while (start > known && isDigit(text.charCodeAt(start - 1))) start -= 1;
  const isKnown = known > 0 && start === known && isDigit(text.charCodeAt(known));
  const last = start + DIGITS - 1;
  const isShort = last >= text.length || !isDigit(text.charCodeAt(last));
  return isKnown || isShort ? -1 : start;
}

function endOfDigits(text: string, at: number): number {
  let end = at + 1;
  while (isDigit(text.charCodeAt(end))) end += 1;
  return end;
}

/** Whether the number whose digits begin here is the value of a member, is none at all, or may be either. */
function placeOf(text: string, digits: number): 'value' | 'none' | 'unclear' {
  const at = startOfNumber(text, digits);
  if (!isSpaceOrMark(text.charCodeAt(at - 1))) return 'none';
  const colon = lastBefore(text, at);
  if (text.charCodeAt(colon) !== COLON) return 'unclear';
  const quote = lastBefore(text, colon);
  // A quote that begins a text comes after white space or a mark, one within a text after a backslash: this one ends a name.
  const isEndOfName = text.charCodeAt(quote) === QUOTE && quote > 0 && isPlain(text.charCodeAt(quote - 1));
  return isEndOfName && text.charCodeAt(digits) !== ZERO ? 'value' : 'unclear';
}

/** With its sign, if it has one. */
function startOfNumber(text: string, digits: number): number {
  return text.charCodeAt(digits - 1) === MINUS ? digits - 1 : digits;
}

/** The place of what stands before this one, white space left out. */
function lastBefore(text: string, at: number): number {
  let place = at - 1;
  while (isSpace(text.charCodeAt(place))) place -= 1;
  return place;
}

/** What follows is what may follow a number, or nothing. */
function isEndOfValue(text: string, at: number): boolean {
  let place = at;
  while (isSpace(text.charCodeAt(place))) place += 1;
  return place >= text.length || ',]}'.includes(text.charAt(place));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** What can stand before a value. */
function isSpaceOrMark(code: number): boolean {
  return code === COLON || code === 0x2c || code === 0x5b || isSpace(code);
}

/** Letters, digits and most else; no white space, no mark of JSON, no backslash. */
function isPlain(code: number): boolean {
  return !isSpaceOrMark(code) && code !== 0x5c && code !== 0x7b;
}
