/**
 * What a text has in it that may hold a number which does not survive as a double: an integer of so many digits (2^53 has
 * 16), or so large an exponent. First what is found fast, then whether it stands where a value can: the ids within texts
 * are full of digits.
 */
const LONG_INTEGER = [/\d{16}/, /[:,[\s]-?\d{16}/];
const LARGE_EXPONENT = [/\d[eE][+-]?\d{3}/, /[:,[\s]-?\d[\d.]*[eE][+-]?\d{3}/];
const NUMBER_ALONE = [/^-?\d/];

/** Texts, to be passed over, and long numbers, in the places where a number is a value. */
const TEXT_OR_LONG_NUMBER =
  /"(?:[^"\\]|\\.)*"|(?<=^|[:,[\s])-?(?:[1-9]\d{15,}|(?:0|[1-9]\d*)(?:\.\d+)?[eE][+-]?\d{3,})(?=\s*(?:[,\]}]|$))/g;

/**
 * Parses JSON so that every integer keeps every digit: one beyond 2^53 becomes the text of its digits, since ids of
 * 18 digits are common (Shopify) and a double would round them. Throws as `JSON.parse` does: to put a text in the place of
 * a number makes nothing valid that was not, since no name of a member is touched.
 */
export function parseJson(text: string): unknown {
  const mayRound = [LONG_INTEGER, LARGE_EXPONENT, NUMBER_ALONE].some((steps) =>
    steps.every((step) => step.test(text)),
  );
  return JSON.parse(mayRound ? text.replaceAll(TEXT_OR_LONG_NUMBER, keepDigits) : text);
}

function keepDigits(token: string): string {
  if (token.startsWith('"')) return token;
  const value = Number(token);
  const isKept = Number.isFinite(value) && (Number.isSafeInteger(value) || !/^-?\d+$/.test(token));
  return isKept ? token : `"${token}"`;
}
