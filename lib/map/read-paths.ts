import { isNode, type Node } from './expression-names.ts';
import type { Ast } from './jsonata-syntax.ts';

/** A path that an expression reads: member names, lists on the way left out. */
export type ReadPath = { readonly from: 'body' | 'item'; readonly names: readonly string[] };

/** Where the walk stands in the data; `undefined` where that cannot be told without running the expression. */
type Context = ReadPath | undefined;

/** Every path of member names that an expression reads, as far as its text alone tells. */
export function readPaths(ast: Ast): readonly ReadPath[] {
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

/** Every path of member names in a value, lists on the way left out, as `a.b.c`. */
export function pathsIn(value: unknown): ReadonlySet<string> {
  return new Set(memberPaths(value, ''));
}

function memberPaths(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => memberPaths(item, path));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    return [inner, ...memberPaths(member, inner)];
  });
}
