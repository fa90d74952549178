import jsonata from 'jsonata';
import { expressionSource } from '../../lambdas/map/expression.ts';

/** JSONata's own reading of an expression. */
export type Ast = ReturnType<jsonata.Expression['ast']>;

/** Reads an expression; or says why JSONata cannot. */
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
