import jsonata from 'jsonata';
import { compileExpression } from '../../lambdas/map/compile-expression.ts';
import { compileValue, type Evaluated, GUARDS, type Scope } from '../../lambdas/map/expression.ts';
import { ASK_JSONATA } from '../../lambdas/map/expression-value.ts';

/** What JSONata itself gives, or the code of its error. */
export async function byJsonata(source: string, { body, ...bindings }: Scope): Promise<unknown> {
  try {
    return { ok: true, value: plain(await jsonata(source, GUARDS).evaluate(body, bindings)) };
  } catch (error) {
    const code = error instanceof Object && 'code' in error ? error.code : undefined;
    return { ok: false, failure: { jsonataCode: code ?? (error instanceof Error ? error.name : 'unknown') } };
  }
}

/** What a mapping with this expression gives. */
export async function byEngine(source: string, scope: Scope): Promise<unknown> {
  const evaluated: Evaluated = await compileValue(`{% ${source} %}`)(scope);
  return evaluated.ok ? { ok: true, value: plain(evaluated.value) } : evaluated;
}

/** Whether JSONata is not asked for this. */
export function isDecided(source: string, scope: Scope): boolean {
  const run = compileExpression(source);
  return run !== undefined && run(scope) !== ASK_JSONATA;
}

/** What a mapping gives for an expression, and whether without JSONata. */
export async function seen(source: string, scope: Scope): Promise<object> {
  return { source, isDecided: isDecided(source, scope), gives: await byEngine(source, scope) };
}

/** The same, where it is what JSONata gives. */
export async function expected(source: string, scope: Scope, decided: boolean): Promise<object> {
  return { source, isDecided: decided, gives: await byJsonata(source, scope) };
}

/** JSONata marks its lists with members of its own, which are no part of the result. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
