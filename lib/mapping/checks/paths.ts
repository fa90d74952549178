import { compileValue } from '../../../lambdas/map/expression.ts';
import { isOn } from '../../../lambdas/map/webhook.ts';
import { bodyFormatOf, parseBody } from '../../../lambdas/webhook-body.ts';
import { nearestName, type Problem } from '../../config/file.ts';
import type { ExampleRun } from '../examples/example.ts';
import {
  type Ast,
  expressionsOf,
  isNode,
  type LocatedText,
  type Node,
  parseExpression,
} from '../expressions.ts';
import type { MappingFile } from '../file.ts';

/** The paths that there are in the webhooks of an event, and in their items. */
type Known = { readonly [from in ReadPath['from']]: ReadonlySet<string> };

/** Warns of paths that no example has: most are misspelt, and JSONata takes them for missing values. */
export async function checkPaths(
  mapping: MappingFile,
  runs: readonly ExampleRun[],
  published: (eventType: string) => ReadonlySet<string>,
): Promise<readonly Problem[]> {
  const known = await Promise.all(mapping.events.map((event) => knownPaths(mapping, event, runs, published)));
  // What all events have in common may fit any of them.
  const any = { body: union(known.map(({ body }) => body)), item: union(known.map(({ item }) => item)) };
  return expressionsOf(mapping).flatMap((expression) => {
    const paths = expression.event === undefined ? any : known[expression.event];
    return paths === undefined ? [] : checkExpression(mapping, expression, paths);
  });
}

function checkExpression(
  mapping: MappingFile,
  { path, text }: LocatedText,
  known: Known,
): readonly Problem[] {
  const parsed = parseExpression(text);
  if ('problem' in parsed) return [];
  const missing = readPaths(parsed.ast).filter(({ from, names }) => {
    return known[from].size > 0 && !known[from].has(names.join('.'));
  });
  const told = new Set<string>();
  return missing.flatMap(({ from, names }) => {
    const written = names.join('.');
    if (told.has(written)) return [];
    told.add(written);
    const nearest = nearestName(written, [...known[from]]);
    const advice =
      nearest === undefined
        ? 'Check its spelling, or add an example that has it.'
        : `Did you mean ${nearest}?`;
    const message = `no example has ${from === 'item' ? '$item.' : ''}${written}. ${advice}`;
    return [{ ...mapping.problemAt(path, message), severity: 'warning' as const }];
  });
}

async function knownPaths(
  mapping: MappingFile,
  event: MappingFile['events'][number],
  runs: readonly ExampleRun[],
  published: (eventType: string) => ReadonlySet<string>,
): Promise<Known> {
  const typed = runs.flatMap(({ example, preview }) => {
    const eventTypes = 'eventTypes' in preview ? preview.eventTypes : [];
    return isOn(event, eventTypes) ? [{ webhook: example.webhook, eventTypes }] : [];
  });
  const bodies = typed.flatMap(({ webhook: { rawBody, headers } }) => {
    const parsed = parseBody(rawBody, bodyFormatOf(headers.get('content-type')));
    return parsed.ok ? [parsed.value] : [];
  });
  const types = new Set(typed.flatMap(({ eventTypes }) => eventTypes));
  const items = await Promise.all(bodies.map((body) => itemsOf(mapping, event.items, body)));
  return {
    body: union([...bodies.map(pathsIn), ...[...types].map(published)]),
    item: union(items.map(pathsIn)),
  };
}

async function itemsOf(mapping: MappingFile, items: string | undefined, body: unknown): Promise<unknown> {
  if (items === undefined) return undefined;
  const scope = { body, headers: {}, source: mapping.source, receivedAt: '' };
  const found = await compileValue(items, mapping.let)(scope);
  return found.ok ? found.value : undefined;
}

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...set]));
}

/** A path that an expression reads: member names, lists on the way left out. */
type ReadPath = { readonly from: 'body' | 'item'; readonly names: readonly string[] };

/** Where the walk stands in the data; `undefined` where that cannot be told without running the expression. */
type Context = ReadPath | undefined;

/** Every path of member names that an expression reads, as far as its text alone tells. */
function readPaths(ast: Ast): readonly ReadPath[] {
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
function pathsIn(value: unknown): ReadonlySet<string> {
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
