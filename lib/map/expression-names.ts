import type { Ast } from './jsonata-syntax.ts';

/** The functions that JSONata 2.2 has, as they can be used here (docs.jsonata.org, "Function library"). */
export const FUNCTIONS: readonly string[] = [
  ...[
    'abs',
    'append',
    'assert',
    'average',
    'base64decode',
    'base64encode',
    'boolean',
    'ceil',
    'clone',
    'contains',
  ],
  ...[
    'count',
    'decodeUrl',
    'decodeUrlComponent',
    'distinct',
    'each',
    'encodeUrl',
    'encodeUrlComponent',
    'error',
  ],
  ...[
    'exists',
    'filter',
    'floor',
    'formatBase',
    'formatInteger',
    'formatNumber',
    'fromMillis',
    'join',
    'keys',
  ],
  ...['length', 'lookup', 'lowercase', 'map', 'match', 'max', 'merge', 'min', 'not', 'number', 'pad'],
  ...[
    'parseInteger',
    'power',
    'reduce',
    'replace',
    'reverse',
    'round',
    'sift',
    'single',
    'sort',
    'split',
    'spread',
  ],
  ...['sqrt', 'string', 'substring', 'substringAfter', 'substringBefore', 'sum', 'toMillis', 'trim', 'type'],
  ...['uppercase', 'zip'],
];

/** What an expression can name beside the body. */
export const BINDINGS: readonly string[] = ['headers', 'source', 'receivedAt', 'item'];

/** Functions that JSONata has and a mapping may not use, with the reason and what to do instead. */
export const FORBIDDEN: Readonly<Record<string, string>> = {
  eval: 'would run text of the payload as code. Write the expression out.',
  now: 'differs at every attempt. Use $receivedAt.',
  millis: 'differs at every attempt. Use $toMillis($receivedAt).',
  random: 'differs at every attempt. Leave it out.',
  shuffle: 'differs at every attempt. Use $sort.',
};

/** A node of JSONata's syntax tree, as far as it is looked at here. */
export type Node = Readonly<Record<string, unknown>> & { readonly type: string };

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Every node of a tree, parents before children. */
export function nodesOf(value: unknown): readonly Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return [];
  const children = Object.values(value).flatMap(nodesOf);
  return isNode(value) ? [value, ...children] : children;
}

/** The variables that an expression reads, without those that it defines itself. */
export function namesRead(ast: Ast): readonly string[] {
  const nodes = nodesOf(ast);
  const defined = new Set(nodes.flatMap(namesDefined));
  const read = nodes.flatMap(({ type, value }) => (type === 'variable' ? [String(value)] : []));
  return [...new Set(read)].filter((name) => name !== '' && name !== '$' && !defined.has(name));
}

/** By `$x := …`, as the argument of a function, or by `@$x` and `#$x` in a path. */
function namesDefined({ type, lhs, arguments: given, focus, index }: Node): readonly string[] {
  const nodes = type === 'bind' ? [lhs] : type === 'lambda' && Array.isArray(given) ? given : [];
  const names = nodes.flatMap((node) => (isNode(node) ? [String(node.value)] : []));
  return [...names, ...[focus, index].filter((name) => typeof name === 'string')];
}
