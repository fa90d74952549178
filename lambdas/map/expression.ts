import type { Expression } from 'jsonata';
import { fail, type Result, succeed } from '../result.ts';
import { compileExpression } from './compile-expression.ts';
import { type Definitions, withDefinitions } from './definitions.ts';
import { expressionSource, isExpression } from './expression-text.ts';
import { ASK_JSONATA } from './expression-value.ts';
import type { Soon } from './soon.ts';

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
export type ExpressionFailure = { readonly jsonataCode: string };

/** What an expression gives. */
export type Evaluated = Result<unknown, ExpressionFailure>;

/**
 * A literal or an expression, ready to be evaluated against any number of webhooks. Only JSONata has to be waited for: a
 * promise for each literal and path would cost more than all else that is done for them.
 */
export type CompiledValue = (scope: Scope) => Soon<Evaluated>;

/**
 * Compiles a value of a mapping, when it is first needed. Most expressions are evaluated here, with JSONata's own result; for all
 * else, and for values that are not expected, JSONata is loaded and asked.
 */
export function compileValue(text: string, definitions: Definitions = {}): CompiledValue {
  if (!isExpression(text)) {
    const literal = succeed(text);
    return () => literal;
  }
  let compiled: CompiledValue | undefined;
  return (scope) => {
    compiled ??= compileSource(withDefinitions(expressionSource(text), definitions));
    return compiled(scope);
  };
}

function compileSource(source: string): CompiledValue {
  const askJsonata = compileWithJsonata(source);
  const evaluate = compileExpression(source);
  if (evaluate === undefined) return askJsonata;
  return (scope) => {
    const value = evaluate(scope);
    return value === ASK_JSONATA ? askJsonata(scope) : succeed(value);
  };
}

function compileWithJsonata(source: string): CompiledValue {
  let compiled: Promise<Expression> | undefined;
  return async ({ body, headers, source: name, receivedAt, item }) => {
    compiled ??= import('jsonata').then(({ default: jsonata }) => jsonata(source, GUARDS));
    const expression = await compiled;
    try {
      return succeed(await expression.evaluate(body, { headers, source: name, receivedAt, item }));
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
