/** Parses a text; `undefined` where it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A number that a double may not hold, where a number can begin: of 16 digits (as many as 2^53 has) or of three in its
 * exponent. Ids within texts seldom match.
 */
const LONG_NUMBERS = /(^|[:,[\s])(-?(?:\d{16}|\d[\d.]*[eE]\+?\d{3})[\d.eE+-]*)/g;

/**
 * Parses JSON so that integers keep every digit. One beyond 2^53 becomes a text, since ids of 18 digits are common (Shopify)
 * and a double would round them; so does a number that no double can hold. `undefined` where the text is not JSON.
 */
export function parseKeepingDigits(text: string): unknown {
  const value = parseJson(text);
  if (value === undefined) return value;
  const isWithinText = findTexts(text);
  const quoted = text.replaceAll(LONG_NUMBERS, (found, before: string, number: string, at: number) =>
    isWithinText(at) || !isRounded(number) ? found : `${before}"${number}"`,
  );
  return quoted === text ? value : JSON.parse(quoted);
}

function isRounded(number: string): boolean {
  const value = Number(number);
  return !Number.isFinite(value) || (/^-?\d+$/.test(number) && !Number.isSafeInteger(value));
}

/** Whether the lists and objects of a valid JSON text are nested deeper than a limit. */
export function isNestedDeeper(json: string, limit: number): boolean {
  if (!hasMoreBrackets(json, limit)) return false;
  const isWithinText = findTexts(json);
  let depth = 0;
  for (const { 0: mark, index } of json.matchAll(/[[\]{}]/g)) {
    if (isWithinText(index)) continue;
    depth += mark === '[' || mark === '{' ? 1 : -1;
    if (depth > limit) return true;
  }
  return false;
}

/** Most bodies have fewer brackets than the limit, and need no closer look. */
function hasMoreBrackets(json: string, limit: number): boolean {
  let count = 0;
  for (const bracket of '[{') {
    let at = json.indexOf(bracket);
    for (; at >= 0 && count <= limit; at = json.indexOf(bracket, at + 1)) count += 1;
  }
  return count > limit;
}

/** Returns a test of whether a place in valid JSON is within a text. Ask for places from first to last. */
function findTexts(json: string): (place: number) => boolean {
  let start = json.indexOf('"');
  let end = 0;
  return (place) => {
    while (start >= 0 && start < place) {
      end = endOfText(json, start);
      start = json.indexOf('"', end);
    }
    return place < end;
  };
}

/** The place after a text's closing quote, which is the first that no backslash escapes. */
function endOfText(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); ; quote = json.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (json.charAt(quote - 1 - backslashes) === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
}
