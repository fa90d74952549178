import { isJsonataFunction } from './expression.ts';
import type { ValueType } from './failure.ts';

/** A value written as text; or what there is instead: nothing that may be sent, or nothing that is text. */
export type Written =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing'; readonly type: 'missing' }
  /** The contract forbids these: "cannot be "NULL" or "null", even for a parameter that is not mandatory". */
  | { readonly kind: 'null'; readonly type: 'null' | 'text "null"' }
  | { readonly kind: 'not-text'; readonly type: Extract<ValueType, 'object' | 'array' | 'function'> };

const NULL_VARIANT = /^\s*null\s*$/i;

/** Writes the result of an expression as text, the only kind of value that the vendor documents. */
export function writeValue(value: unknown): Written {
  switch (typeof value) {
    case 'string':
      return isNullVariant(value) ? { kind: 'null', type: 'text "null"' } : textOf(value.toWellFormed());
    case 'number':
      return textOf(writeNumber(value));
    case 'boolean':
      return textOf(String(value));
    case 'undefined':
      return { kind: 'missing', type: 'missing' };
    case 'object':
      if (value === null) return { kind: 'null', type: 'null' };
      return { kind: 'not-text', type: typeOfObject(value) };
    default:
      return { kind: 'not-text', type: 'function' };
  }
}

/** Whether a text reads "null" in any spelling, which the event API refuses as a value. */
export function isNullVariant(text: string): boolean {
  return mayBeginNull(text.charCodeAt(0)) && NULL_VARIANT.test(text);
}

/** An n or white space; or not ASCII, where more white space is. Spares most texts the regular expression. */
function mayBeginNull(code: number): boolean {
  return code === 0x6e || code === 0x4e || code <= 0x20 || code > 0x7e;
}

function textOf(text: string): Written {
  return { kind: 'text', text };
}

function typeOfObject(value: object): 'object' | 'array' | 'function' {
  if (Array.isArray(value)) return 'array';
  return isJsonataFunction(value) ? 'function' : 'object';
}

/** Digits as a person writes them: no `1e+21`, no `1e-7`. */
function writeNumber(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20).replace(/\.?0+$/, '');
}
