import { fail, type Result, succeed } from '../result.ts';
import { evaluate, type LocatedValue, type Scope } from './expression.ts';
import type { MapFailure, ValueType } from './failure.ts';
import { type Written, writeValue } from './write-value.ts';

/** A parameter of a mapping, ready for use. */
export type CompiledParam = LocatedValue & {
  readonly name: string;
  /** Whether there is no event without it. */
  readonly isRequired: boolean;
};

/** A parameter that is not sent, and what stood there instead. */
export type LeftOut = { readonly parameter: string; readonly type: ValueType };

type OnNull = 'omit' | 'reject';
/** What is sent, and what is not. */
export type Params = {
  readonly params: Readonly<Record<string, string>>;
  readonly leftOut: readonly LeftOut[];
};

/** Evaluates and writes the parameters of an event; the first that cannot be sent is told. */
export async function readParams(
  params: readonly CompiledParam[],
  onNull: OnNull,
  scope: Scope,
): Promise<Result<Params, MapFailure>> {
  const texts: Record<string, string> = {};
  const leftOut: LeftOut[] = [];
  for (const param of params) {
    const evaluated = await evaluate(param, scope);
    if (!evaluated.ok) return evaluated;
    const written = writeValue(evaluated.value);
    const failure = refuse(written, param, onNull);
    if (failure !== undefined) return fail(failure);
    if (written.kind === 'text') texts[param.name] = written.text;
    else leftOut.push({ parameter: param.name, type: written.type });
  }
  return succeed({ params: texts, leftOut });
}

/** Why there is no event with this value, by the mapping's own rules. */
function refuse(
  written: Written,
  { place, isRequired }: CompiledParam,
  onNull: OnNull,
): MapFailure | undefined {
  if (written.kind === 'text') {
    const isMissing = isRequired && written.text.trim() === '';
    return isMissing ? { code: 'parameter-missing', ...place, type: 'empty text' } : undefined;
  }
  const { kind, type } = written;
  if (kind === 'not-text') return { code: 'value-not-text', ...place, type };
  if (isRequired) return { code: 'parameter-missing', ...place, type };
  return kind === 'null' && onNull === 'reject' ? { code: 'value-null', ...place, type } : undefined;
}
