import type { Expression } from 'jsonata';
import { fail, type Result, succeed } from '../result.ts';
import { expressionSource, isExpression } from './expression-text.ts';
import { followPlainPath, type PlainPath, parsePlainPath } from './plain-path.ts';

/**
 * Bounds on what one expression may take, so that no payload can hold a worker: ms, calls deep, items. JSONata looks at
 * some thousand items a second on a small function: the time is for the longest lists that are sent, not for a loop.
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

/** JSONata's own error code. */
type ExpressionFailure = { readonly jsonataCode: string };

type Evaluated = Result<unknown, ExpressionFailure>;

/**
 * A literal or an expression, ready to be evaluated against any number of webhooks. Only JSONata has to be waited for: a
 * promise for each literal and path would cost more than all else that is done for them.
 */
export type CompiledValue = (scope: Scope) => Evaluated | Promise<Evaluated>;

/** Expressions of the file that have a name, by that name. */
export type Definitions = Readonly<Record<string, string>>;

/**
 * Compiles a value of a mapping. A path alone is followed here, with JSONata's own result; for all else, and where a
 * list stands in a path, JSONata is loaded when it is first needed.
 */
export function compileValue(text: string, definitions: Definitions = {}): CompiledValue {
  if (!isExpression(text)) return () => succeed(text);
  const source = expressionSource(text);
  const evaluate = compileWithJsonata(withDefinitions(source, definitions));
  const path = parsePlainPath(source);
  if (path === undefined) return evaluate;
  return (scope) => {
    const found = followPlainPath(startOf(path, scope), path.names);
    return found.isList ? evaluate(scope) : succeed(found.value);
  };
}

/** Puts the definitions that an expression names, and those that these name, before it. */
function withDefinitions(source: string, definitions: Definitions): string {
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
  // In the file's order, so that one may name those before it.
  const bound = Object.keys(definitions).flatMap((name) =>
    used.has(name) ? [`$${name} := (${used.get(name)})`] : [],
  );
  return `(${[...bound, source].join('; ')})`;
}

function startOf({ from }: PlainPath, scope: Scope): unknown {
  return scope[from];
}

function compileWithJsonata(source: string): CompiledValue {
  let compiled: Promise<Expression> | undefined;
  return async ({ body, ...bindings }) => {
    compiled ??= import('jsonata').then(({ default: jsonata }) => jsonata(source, GUARDS));
    const expression = await compiled;
    try {
      return succeed(await expression.evaluate(body, bindings));
    } catch (error) {
      return fail({ jsonataCode: jsonataCodeOf(error) });
    }
  };
}

/** JSONata's errors are plain objects rather than instances of `Error`; others (a stack overflow) have no code. */
function jsonataCodeOf(error: unknown): string {
  if (error instanceof Object && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : 'unknown';
}
