/**
 * In the place of a value: what is here is not for compiled expressions to decide. JSONata then evaluates the same expression,
 * so that a list within a path, a wrong type and every failure are its own.
 */
export const ASK_JSONATA: unique symbol = Symbol('ask JSONata');

/** What JSONata takes for true; `undefined` stays. */
export function truthOf(value: unknown): boolean | undefined | typeof ASK_JSONATA {
  switch (typeof value) {
    case 'boolean':
    case 'undefined':
      return value;
    case 'string':
      return value !== '';
    case 'number':
      return value !== 0;
    case 'object':
      if (Array.isArray(value)) return ASK_JSONATA;
      return value !== null && Object.keys(value).length > 0;
    default:
      return ASK_JSONATA;
  }
}

/** JSONata's `$string`, except for objects and lists. */
export function textOf(value: unknown): string | typeof ASK_JSONATA {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return String(Number.isInteger(value) ? value : Number(value.toPrecision(15)));
    case 'boolean':
      return String(value);
    default:
      return value === null ? 'null' : ASK_JSONATA;
  }
}

/** A number that JSONata goes on with; it has rules of its own for what is none. */
export function finite(value: number): number | typeof ASK_JSONATA {
  return Number.isFinite(value) ? value : ASK_JSONATA;
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
