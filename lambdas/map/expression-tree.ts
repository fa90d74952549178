/** What an expression is made of, as far as it can be compiled here. */
export type Node =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'name'; readonly name: string }
  /** `$` alone, the context, has the empty name; `$$`, the whole body, the name `$`. */
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'path'; readonly steps: readonly Node[] }
  | { readonly kind: 'item'; readonly of: Node; readonly index: number }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'minus'; readonly of: Node }
  | { readonly kind: 'operation'; readonly operator: string; readonly left: Node; readonly right: Node }
  | { readonly kind: 'condition'; readonly of: Node; readonly met: Node; readonly otherwise?: Node }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'block'; readonly parts: readonly Node[] }
  | { readonly kind: 'definition'; readonly name: string; readonly value: Node }
  | FunctionNode;

/** A function that an expression defines. */
export type FunctionNode = {
  readonly kind: 'function';
  readonly params: readonly string[];
  readonly body: Node;
};
