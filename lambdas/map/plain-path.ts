/** Member names from a starting point: the webhook's body, or one of the bindings. */
export type PlainPath = { readonly from: 'body' | 'item' | 'headers'; readonly names: readonly string[] };

/** A name is a word, or anything between backticks. */
const NAME = /`([^`]+)`|([A-Za-z_][A-Za-z0-9_]*)/g;

/** Names joined by dots, or a binding and then names. */
const PATH = /^(?:\$(?:item|headers)(?=\.|$)|(?=[^.]))(?:(?:^|\.)(?:`[^`]+`|[A-Za-z_][A-Za-z0-9_]*))*$/;

/** Words that are more than a name to JSONata. */
const WORDS = ['and', 'or', 'in', 'true', 'false', 'null', 'function'];

/** Reads an expression that is nothing but a path; `undefined` where JSONata itself has to look at it. */
export function parsePlainPath(source: string): PlainPath | undefined {
  if (!PATH.test(source)) return undefined;
  const [binding] = /^\$(?:item|headers)/.exec(source) ?? [''];
  const path = source.slice(binding.length);
  const names = [...path.matchAll(NAME)].map(([, quoted, word]) => ({ name: quoted ?? word ?? '', word }));
  if (names.some(({ word }) => word !== undefined && WORDS.includes(word))) return undefined;
  const from = binding === '$item' ? 'item' : binding === '$headers' ? 'headers' : 'body';
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
