import { remember } from '../remember.ts';

/** A piece of what is signed, in the order of the template. */
export type ContentToken =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'header'; readonly text: string; readonly name: string }
  | { readonly kind: (typeof NAMES)[number]; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

const NAMES = ['body', 'timestamp', 'id', 'method', 'url', 'decoded-url', 'secret'] as const;

/** The tokens of a content template, as a person writes them. */
export const TOKENS: readonly string[] = NAMES.map((name) => `{${name}}`);

/** Reads a template such as `{id}.{timestamp}.{body}`; whatever stands between the tokens is signed as it is. */
export const tokensOf = remember((template): readonly ContentToken[] =>
  template.split(/(\{[^{}]*\})/).flatMap((text) => (text === '' ? [] : [readToken(text)])),
);

function readToken(text: string): ContentToken {
  if (!/^\{[^{}]*\}$/.test(text)) return { kind: 'literal', text };
  const name = text.slice(1, -1);
  const header = /^header:([A-Za-z0-9!#$%&'*+.^_`|~-]+)$/.exec(name)?.[1];
  if (header !== undefined) return { kind: 'header', text, name: header.toLowerCase() };
  const kind = NAMES.find((known) => known === name);
  return { kind: kind ?? 'unknown', text };
}
