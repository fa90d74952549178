import { ASK_JSONATA, isList } from './expression-value.ts';

/** A step of a path: what it gives of what the step before gave. */
type Step<Frame> = (context: unknown, frame: Frame) => unknown;

/** An object's own member. All that JSON's objects inherit is functions, which are none of JSON, and `__proto__`. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return value === ASK_JSONATA ? value : undefined;
  if (isList(value)) return ASK_JSONATA;
  const found = (value as Readonly<Record<string, unknown>>)[name];
  if (typeof found !== 'function' && name !== '__proto__') return found;
  return Object.hasOwn(value, name) ? found : undefined;
}

/** Names joined by dots, followed through objects alone. A list at the end is what the path gives, as it is. */
export function followNames(start: unknown, names: readonly string[]): unknown {
  let value = start;
  for (const name of names) value = memberOf(value, name);
  return value;
}

/** Steps joined by dots. A step starts from an object or a single value: for a list, JSONata takes it from each item. */
export function joinSteps<Frame>(
  [first, ...rest]: readonly Step<Frame>[],
  context: unknown,
  frame: Frame,
): unknown {
  let value = first?.(context, frame);
  for (const step of rest) {
    if (value === undefined || value === ASK_JSONATA) return value;
    value = isList(value) ? ASK_JSONATA : step(value, frame);
  }
  return value;
}

/** The item at a place, from the end if that is negative; a value that is no list is its own first and last item. */
export function itemOf(value: unknown, index: number): unknown {
  if (!isList(value)) return value === ASK_JSONATA || index === 0 || index === -1 ? value : undefined;
  const item = value[index < 0 ? value.length + index : index];
  return isList(item) ? ASK_JSONATA : item;
}
