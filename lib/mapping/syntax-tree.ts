import jsonata from 'jsonata';
import { expressionSource } from '../../lambdas/map/expression.ts';

/** The syntax tree that JSONata makes of an expression. */
export type Ast = ReturnType<jsonata.Expression['ast']>;

/** Parses an expression; or says why JSONata cannot. */
export function parseExpression(text: string): { readonly ast: Ast } | { readonly problem: string } {
  try {
    return { ast: jsonata(expressionSource(text)).ast() };
  } catch (error) {
    const position = isPositioned(error) ? ` at character ${error.position}` : '';
    const message = error instanceof Object && 'message' in error ? error.message : error;
    return { problem: `is not valid JSONata${position}: ${message}` };
  }
}

function isPositioned(error: unknown): error is { readonly position: number } {
  return error instanceof Object && 'position' in error && typeof error.position === 'number';
}

/** A node of the syntax tree, as far as it is looked at. */
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

/** A call of a function by its name. */
type Call = {
  readonly name: string;
  /** As the function gets them; the first is `undefined` where it is piped in (`time ~> $f(…)`). */
  readonly given: readonly unknown[];
  /** Missing where JSONata made the call of an operator. */
  readonly position: unknown;
};

/** Every call of a named function in a tree. */
export function callsIn(ast: Ast): readonly Call[] {
  const nodes = nodesOf(ast);
  const piped = new Set(nodes.flatMap(({ type, rhs }) => (type === 'apply' ? [rhs] : [])));
  return nodes.flatMap((node) => {
    const { type, procedure, arguments: given, position } = node;
    if (type !== 'function' || !isNode(procedure) || !Array.isArray(given)) return [];
    return [
      { name: String(procedure.value), given: piped.has(node) ? [undefined, ...given] : given, position },
    ];
  });
}

/** A path that an expression reads: member names, lists on the way left out. */
export type ReadPath = { readonly from: 'body' | 'item'; readonly names: readonly string[] };

/** Where the walk stands in the data; `undefined` where only running the expression would show it. */
type Context = ReadPath | undefined;

/** Every path of member names that an expression reads, as far as its text alone shows. */
export function readPaths(ast: unknown): readonly ReadPath[] {
  return walk(ast, { from: 'body', names: [] });
}

function walk(value: unknown, context: Context): readonly ReadPath[] {
  if (Array.isArray(value)) return value.flatMap((one) => walk(one, context));
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return [];
  if (isNode(value) && value.type === 'path') return walkPath(value, context);
  return Object.values(value).flatMap((child) => walk(child, context));
}

/** Where the walk of a path stands after a step, and what was read on the way. */
type Walked = { readonly at: Context; readonly found: readonly ReadPath[] };

function walkPath({ steps, group }: Node, context: Context): readonly ReadPath[] {
  const nodes = Array.isArray(steps) ? steps.filter(isNode) : [];
  const walked = nodes.reduce<Walked>(
    ({ at, found }, step, index) => {
      const next = index === 0 && step.type === 'variable' ? startAt(step, context) : walkStep(step, at);
      return { at: next.at, found: [...found, ...next.found] };
    },
    { at: context, found: [] },
  );
  const readsMember = nodes.some(({ type }) => type === 'name');
  const end = walked.at !== undefined && readsMember ? [walked.at] : [];
  return [...walked.found, ...end, ...walk(group, walked.at)];
}

function walkStep(step: Node, at: Context): Walked {
  if (step.type === 'name') {
    const next = at && { ...at, names: [...at.names, String(step.value)] };
    return { at: next, found: walk([step.stages, step.predicate], next) };
  }
  const found = walk(step, at);
  if (step.type === 'sort') return { at, found };
  // What another step leads to is known only when it runs; what was read up to here is.
  return { at: undefined, found: at !== undefined && at.names.length > 0 ? [at, ...found] : found };
}

function startAt({ value }: Node, context: Context): Walked {
  return { at: startOf(String(value), context), found: [] };
}

function startOf(variable: string, context: Context): Context {
  if (variable === '') return context;
  if (variable === '$') return { from: 'body', names: [] };
  return variable === 'item' ? { from: 'item', names: [] } : undefined;
}
