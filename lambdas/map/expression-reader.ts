import type { Token } from './expression-tokens.ts';
import type { Node } from './expression-tree.ts';

/** How strongly an operator binds, as in JSONata's own parser. */
const BINDING: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ '[': 80, '(': 80, '.': 75, '*': 60, '/': 60, '%': 60, '+': 50, '-': 50, '&': 50 },
    ...{ '=': 40, '!=': 40, '<': 40, '<=': 40, '>': 40, '>=': 40, in: 40, '?:': 40, '??': 40 },
    ...{ and: 30, or: 25, '?': 20, ':=': 10 },
  }),
);

/** What stands in the place of what was refused. */
export const NOTHING: Node = { kind: 'literal', value: null };

/** Where the reading stands. A refusal goes to the end at once. */
export type Reader = { readonly tokens: readonly Token[]; at: number; isRefused: boolean };

/** How strongly a mark binds as an operator; 0 for all that is none. */
export function bindingOf(mark: string): number {
  return BINDING.get(mark) ?? 0;
}

/** Leaves the expression to JSONata. */
export function refuse(reader: Reader): Node {
  reader.isRefused = true;
  reader.at = reader.tokens.length;
  return NOTHING;
}

/** The text of what comes next, if it is a mark, or a word that may be an operator. */
export function nextMark({ tokens, at }: Reader): string {
  const token = tokens[at];
  return token?.kind === 'mark' || token?.kind === 'word' ? token.text : '';
}

/** Passes over a mark, if it comes next. */
export function skip(reader: Reader, mark: string): boolean {
  const isNext = nextMark(reader) === mark;
  if (isNext) reader.at += 1;
  return isNext;
}

/** Passes over a mark that has to come next. */
export function expect(reader: Reader, mark: string, node: Node): Node {
  return skip(reader, mark) ? node : refuse(reader);
}
