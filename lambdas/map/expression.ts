import type { Expression } from 'jsonata';
import { fail, type Result, succeed } from '../result.ts';
import type { MapFailure, MappingPlace } from './failure.ts';
import { makeFunctions, type OwnFunctions } from './functions.ts';

/**
 * Bounds of one expression, so that no payload can block a worker: milliseconds, calls deep, items. JSONata handles about
 * a thousand items a second on a small function: the time is meant for the longest lists that vendors send.
 */
export const GUARDS = { timeout: 5_000, stack: 200, sequence: 10_000 };

/** What an expression can see: the body as its context, and the rest as `$headers`, `$source`, `$receivedAt`, `$item`. */
export type Scope = {
  readonly body: unknown;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly source: string;
  /** ISO 8601, UTC. */
  readonly receivedAt: string;
  readonly item?: unknown;
};

/** The result of an expression, or JSONata's own error code. */
type Evaluated = Result<unknown, { readonly jsonataCode: string }>;

/** A literal or an expression, ready to be evaluated against any number of webhooks. */
export type CompiledValue = (scope: Scope) => Promise<Evaluated>;

/** The named expressions of a mapping file. */
export type Definitions = Readonly<Record<string, string>>;

/** Whether a value of a mapping is an expression rather than literal text. A YAML block ends with a line break, which is no part of it. */
export function isExpression(text: string): boolean {
  const trimmed = text.trim();
  return (
    trimmed.startsWith('{%') && trimmed.endsWith('%}') && !trimmed.includes('{%', 2) && trimmed.length >= 4
  );
}

/** The JSONata between the delimiters. */
export function expressionSource(text: string): string {
  return text.trim().slice(2, -2).trim();
}

const NULL_VARIANT = /^\s*null\s*$/i;

/** Whether a text reads "null" in any spelling: the event API refuses that as a value. */
export function isNullVariant(text: string): boolean {
  return mayBeginNull(text.charCodeAt(0)) && NULL_VARIANT.test(text);
}

/** Whether it is an n, white space, or not ASCII (where more white space is). Spares most texts the regular expression. */
function mayBeginNull(code: number): boolean {
  return code === 0x6e || code === 0x4e || code <= 0x20 || code > 0x7e;
}

/** A value of a mapping, ready for use, and where it stands. */
export type LocatedValue = { readonly place: MappingPlace; readonly evaluate: CompiledValue };

/** Evaluates a value of a mapping; a failure says where it stands. */
export async function evaluate(value: LocatedValue, scope: Scope): Promise<Result<unknown, MapFailure>> {
  const evaluated = await value.evaluate(scope);
  return evaluated.ok ? evaluated : fail({ code: 'expression-failed', ...value.place, ...evaluated.failure });
}

/** Compiles a value of a mapping when it is first needed. A path is followed here; JSONata evaluates everything else. */
export function compileValue(text: string, definitions: Definitions = {}): CompiledValue {
  if (!isExpression(text)) {
    const literal = succeed(text);
    return async () => literal;
  }
  let compiled: CompiledValue | undefined;
  return (scope) => {
    compiled ??= compileSource(withDefinitions(expressionSource(text), definitions));
    return compiled(scope);
  };
}

function compileSource(source: string): CompiledValue {
  const path = readPath(source);
  const byJsonata = compileWithJsonata(source);
  if (path === undefined) return byJsonata;
  return async (scope) => {
    const found = followPath(path, scope);
    return found === MEETS_LIST ? byJsonata(scope) : succeed(found);
  };
}

/** Puts the definitions that an expression uses, directly or through others, before it. */
export function withDefinitions(source: string, definitions: Definitions): string {
  const used = new Map<string, string>();
  const collect = (text: string) => {
    for (const [, name = ''] of text.matchAll(/\$([A-Za-z_][A-Za-z0-9_]*)/g)) {
      const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      if (definition === undefined || used.has(name)) continue;
      const inner = expressionSource(definition);
      used.set(name, inner);
      collect(inner);
    }
  };
  collect(source);
  if (used.size === 0) return source;
  // In the file's order, so that each may use those before it.
  const bound = Object.keys(definitions).flatMap((name) =>
    used.has(name) ? [`$${name} := (${used.get(name)})`] : [],
  );
  return `(${[...bound, source].join('; ')})`;
}

/** Where a path starts, the body or a binding, and the names that follow. */
type Path = {
  readonly start: 'body' | 'item' | 'headers' | 'source' | 'receivedAt';
  readonly names: readonly string[];
};

const PATH = /^(?:\$(?:item|headers|source|receivedAt)|`[^`]+`|[A-Za-z_]\w*)(?:\.(?:`[^`]+`|[A-Za-z_]\w*))*$/;
/** These may be an operator or a value. */
const RESERVED = ['and', 'or', 'in', 'true', 'false', 'null'];

/** Reads an expression that is only a path; `undefined` for any other. */
function readPath(source: string): Path | undefined {
  const steps = PATH.test(source) ? (source.match(/`[^`]+`|[^.`]+/g) ?? []) : [];
  if (steps.length === 0 || steps.some((step) => RESERVED.includes(step))) return undefined;
  const [first = '', ...rest] = steps;
  const isBinding = first.startsWith('$');
  return {
    start: isBinding ? (first.slice(1) as Path['start']) : 'body',
    names: (isBinding ? rest : steps).map((step) => step.replaceAll('`', '')),
  };
}

/** On a list JSONata goes on with each item, by rules of its own. */
const MEETS_LIST: unique symbol = Symbol('a list on the way');

/** Follows a path through objects only. A list at its end is its result, unchanged. */
function followPath({ start, names }: Path, scope: Scope): unknown {
  let value = scope[start];
  for (const name of names) {
    if (Array.isArray(value)) return MEETS_LIST;
    const isMember = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    value = isMember ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
  }
  return value;
}

/** JSONata, and what its expressions have beside or instead of its own functions. */
type Engine = { readonly jsonata: typeof import('jsonata'); readonly functions: OwnFunctions };

/** JSONata is loaded once, for the first expression that is not a path. */
let loading: Promise<Engine> | undefined;

async function loadEngine(): Promise<Engine> {
  const { default: jsonata } = await import('jsonata');
  return { jsonata, functions: await makeFunctions(jsonata) };
}

function parseOnce(source: string): () => Promise<Expression> {
  let parsed: Promise<Expression> | undefined;
  return () => {
    loading ??= loadEngine();
    parsed ??= loading.then(({ jsonata, functions }) => {
      const expression = jsonata(source, GUARDS);
      for (const [name, own] of Object.entries(functions)) expression.assign(name, own);
      return expression;
    });
    return parsed;
  };
}

function compileWithJsonata(source: string): CompiledValue {
  const parsePlain = parseOnce(source);
  const parseDisguised = parseOnce(source.replaceAll(ANY_MARK, disguiseMark));
  return async ({ body, item, headers, source: name, receivedAt }) => {
    const seen = { body: disguised(body), item: disguised(item) };
    const isDisguised = seen.body !== body || seen.item !== item;
    const expression = await (isDisguised ? parseDisguised() : parsePlain());
    try {
      const bindings = { headers, source: name, receivedAt, item: seen.item };
      const value: unknown = await expression.evaluate(seen.body, bindings);
      if (typeof value === 'number') return succeed(writtenDigits(value, body, item));
      return succeed(isDisguised ? undisguise(value) : value);
    } catch (error) {
      return fail({ jsonataCode: jsonataCodeOf(error) });
    }
  };
}

/**
 * A number with the digits that JSONata writes in a text: 15, as calculating in doubles spoils the last ones (19.99 * 100). A
 * number that comes straight from the webhook keeps its own.
 */
function writtenDigits(value: number, ...seen: readonly unknown[]): number {
  if (Number.isInteger(value)) return value;
  const rounded = Number(value.toPrecision(15));
  return rounded === value || seen.some((part) => hasNumber(part, value)) ? value : rounded;
}

function hasNumber(value: unknown, wanted: number): boolean {
  if (typeof value !== 'object' || value === null) return value === wanted;
  return Object.values(value).some((member) => hasNumber(member, wanted));
}

/** JSONata's errors are plain objects with a code; others, such as a stack overflow, have none. */
function jsonataCodeOf(error: unknown): string {
  if (error instanceof Object && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : 'unknown';
}

/**
 * Members by which JSONata recognises its own functions, bodies and streams. A body may have them too, since vendors pass
 * on metadata that anybody wrote. Before JSONata sees such a body, their last letter is replaced by one of Unicode's
 * private use, in the expression likewise, and in the result it is put back. Headers cannot have them: their names are in
 * lower case, their values texts.
 */
const MARKS: ReadonlySet<string> = new Set([
  '_jsonata_lambda',
  '_jsonata_function',
  'tupleStream',
  'outerWrapper',
]);
const ANY_MARK = new RegExp([...MARKS].join('|'), 'g');

function disguiseMark(mark: string): string {
  return `${mark.slice(0, -1)}\ue000`;
}

function undisguiseText(text: string): string {
  let plain = text;
  for (const mark of MARKS) plain = plain.replaceAll(disguiseMark(mark), mark);
  return plain;
}

/** Each body and item is searched for marks only once, however many expressions there are. */
const disguises = new WeakMap<object, object>();
const originals = new WeakMap<object, object>();

/** The value itself, or a copy with other names if a member has the name of a mark. */
function disguised(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = disguises.get(value);
  if (known !== undefined) return known;
  if (hasMark(value)) return disguise(value);
  disguises.set(value, value);
  return value;
}

function hasMark(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasMark);
  // This visits every member of every body: `Object.entries` would take six times as long.
  for (const name in value) {
    if (MARKS.has(name) || hasMark((value as Readonly<Record<string, unknown>>)[name])) return true;
  }
  return false;
}

function disguise(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isJsonataFunction(value)) return value;
  const copy =
    disguises.get(value) ??
    copyChanged(value, disguise, (name) => (MARKS.has(name) ? disguiseMark(name) : name));
  disguises.set(value, copy);
  if (copy !== value) originals.set(copy, value);
  return copy;
}

function undisguise(value: unknown): unknown {
  if (typeof value === 'string') return undisguiseText(value);
  if (typeof value !== 'object' || value === null || isJsonataFunction(value)) return value;
  return originals.get(value) ?? copyChanged(value, undisguise, undisguiseText);
}

/** A copy only where something changes: JSONata's `in` asks whether two values are the same object. */
function copyChanged(
  value: object,
  change: (member: unknown) => unknown,
  rename: (name: string) => string,
): object {
  if (Array.isArray(value)) {
    const items = value.map(change);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const members = Object.entries(value);
  const changed = members.map(([name, member]) => [rename(name), change(member)] as const);
  const isSame = changed.every(
    ([name, member], at) => name === members[at]?.[0] && member === members[at]?.[1],
  );
  return isSame ? value : Object.fromEntries(changed);
}

/** JSONata's functions are objects with functions in them; nothing that was parsed from JSON has any. */
export function isJsonataFunction(value: object): boolean {
  return !Array.isArray(value) && Object.values(value).some((member) => typeof member === 'function');
}
