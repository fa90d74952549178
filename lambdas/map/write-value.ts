import { fail, type Result, succeed } from '../result.ts';

/** The kind of value that has no one way of being written as text. */
export type NotText = { readonly type: 'object' | 'array' | 'function' };

/** The contract forbids these as values: "cannot be "NULL" or "null", even for a parameter that is not mandatory". */
const NULL_VARIANT = /^\s*null\s*$/i;

/**
 * Writes the result of an expression as text, the only kind of value that the vendor documents. Gives `undefined`
 * for what is to be left out: a missing value, `null`, and text that reads "null".
 */
export function writeValue(value: unknown): Result<string | undefined, NotText> {
  switch (typeof value) {
    case 'string':
      return succeed(NULL_VARIANT.test(value) ? undefined : value);
    case 'number':
      return succeed(writeNumber(value));
    case 'boolean':
      return succeed(String(value));
    case 'undefined':
      return succeed(undefined);
    case 'object':
      if (value === null) return succeed(undefined);
      return fail({ type: Array.isArray(value) ? 'array' : 'object' });
    default:
      return fail({ type: 'function' });
  }
}

/** Digits as a person writes them: no `1e+21`, no `1e-7`. */
function writeNumber(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20).replace(/\.?0+$/, '');
}
