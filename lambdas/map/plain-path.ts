/** Member names from a starting point: the webhook's body, or one of the bindings. */
export type PlainPath = { readonly from: 'body' | 'item' | 'headers'; readonly names: readonly string[] };

/** A path of names, each a word or between backticks; it may begin at a binding. */
const PATH = /^(?:\$(item|headers)(?=\.|$))?((?:(?:^|\.)(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]+`))*)$/;
const NAME = /`([^`]+)`|([A-Za-z_][A-Za-z0-9_]*)/g;

/** Words that are more than a name to JSONata. */
const WORDS = ['and', 'or', 'in', 'true', 'false', 'null', 'function'];

/** Reads an expression that is nothing but a path; `undefined` where JSONata itself has to look at it. */
export function parsePlainPath(source: string): PlainPath | undefined {
  const [, binding, path] = PATH.exec(source) ?? [];
  if (path === undefined || source === '') return undefined;
  const names = [...path.matchAll(NAME)].map(([, quoted, word]) => ({ name: quoted ?? word ?? '', word }));
  if (names.some(({ word }) => word !== undefined && WORDS.includes(word))) return undefined;
  const from = binding === 'item' || binding === 'headers' ? binding : 'body';
  return { from, names: names.map(({ name }) => name) };
}

/** A path's value, or that a list stood in the way, where JSONata has rules of its own. */
export type Found = { readonly isList: false; readonly value: unknown } | { readonly isList: true };

/** Follows a path as JSONata does, through objects alone. */
export function followPlainPath(start: unknown, names: readonly string[]): Found {
  let value = start;
  for (const name of names) {
    if (Array.isArray(value)) return { isList: true };
    const isMember = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    value = isMember ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  }
  return Array.isArray(value) ? { isList: true } : { isList: false, value };
}
