import jsonata from 'jsonata';
import { fail, type Result, succeed } from '../result.ts';
import { expressionSource, isExpression } from './mapping.ts';

/** Bounds on what one expression may take, so that no payload can hold a worker: ms, calls deep, items. */
const GUARDS = { timeout: 1_000, stack: 200, sequence: 10_000 };

/** JSONata's own error code (T2001, D3030, …). Its message is left out, since it may quote the payload. */
export type ExpressionFailure = { readonly code: 'expression-failed'; readonly jsonataCode: string };

/** A literal or an expression, ready to be evaluated against any number of webhooks. */
export type CompiledValue = (
  webhook: unknown,
  bindings?: Bindings,
) => Promise<Result<unknown, ExpressionFailure>>;

/** What an expression can name beside the webhook: `$item`. */
type Bindings = { readonly item?: unknown };

/** Compiles a value of a mapping. Throws JSONata's error when an expression does not parse. */
export function compileValue(text: string): CompiledValue {
  if (!isExpression(text)) return async () => succeed(text);
  const expression = jsonata(expressionSource(text), GUARDS);
  return async (webhook, bindings) => {
    try {
      return succeed(await expression.evaluate(webhook, bindings));
    } catch (error) {
      return fail({ code: 'expression-failed', jsonataCode: jsonataCodeOf(error) });
    }
  };
}

/** Why a text is not an expression that JSONata can parse, or `undefined` if it is one. */
export function explainSyntax(text: string): string | undefined {
  try {
    jsonata(expressionSource(text));
    return undefined;
  } catch (error) {
    const position = isPositioned(error) ? ` at character ${error.position}` : '';
    return `is not valid JSONata${position}: ${error instanceof Object && 'message' in error ? error.message : error}`;
  }
}

/** JSONata's errors are plain objects rather than instances of `Error`. */
function jsonataCodeOf(error: unknown): string {
  return error instanceof Object && 'code' in error ? String(error.code) : 'unknown';
}

function isPositioned(error: unknown): error is { readonly position: number } {
  return error instanceof Object && 'position' in error && typeof error.position === 'number';
}
