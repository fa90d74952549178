import type { Scope } from './expression.ts';
import type { FunctionNode, Node } from './expression-tree.ts';
import { ASK_JSONATA } from './expression-value.ts';

/** What a part of an expression gives, where `context` is what its paths start from. */
export type Run = (context: unknown, frame: Frame) => unknown;

/** One evaluation: what can be seen, and the values of the expression's own variables. */
export type Frame = { readonly scope: Scope; readonly variables: unknown[] };

/** A variable. That of a function keeps the context in which the function was defined. */
export type Named = {
  readonly variable: number;
  readonly definition?: { readonly node: FunctionNode; readonly names: Names };
};
export type Names = ReadonlyMap<string, Named>;

/** What is counted while an expression is compiled. */
export type Build = { variables: number; nodes: number; isRefused: boolean };

/** Where in an expression: the names that can be used there, and how deep within others it is. */
export type Place = {
  readonly build: Build;
  readonly names: Names;
  readonly level: number;
  /** Compiles a part of the expression. */
  readonly compile: (node: Node, place: Place) => Run;
};

/** JSONata's limit is 200 evaluations deep (`GUARDS`), and a level takes two. Functions are copied to where they are called. */
export const MAX_LEVEL = 90;
export const MAX_NODES = 2_000;

/** What can be seen beside the body. */
export const BINDINGS = ['headers', 'source', 'receivedAt', 'item'] as const;

/** Leaves the expression to JSONata. */
export function refuse({ build }: Place): Run {
  build.isRefused = true;
  return () => ASK_JSONATA;
}

export function newVariable(build: Build): number {
  build.variables += 1;
  return build.variables;
}
