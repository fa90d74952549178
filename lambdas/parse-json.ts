/** A number of so many digits (2^53 has 16), or with so large an exponent, may not survive as a double. */
const LONG_NUMBER = /\d{16}|\d[eE][+-]?\d{3}/;

/**
 * Parses JSON so that every integer keeps every digit: one beyond 2^53 becomes the text of its digits, since ids of
 * 18 digits are common (Shopify) and a double would round them. Throws as `JSON.parse` does.
 */
export function parseJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(source) || !Number.isFinite(value) ? source : value;
}
