import { fail, type Result, succeed } from '../result.ts';
import type { Evaluated, Scope } from './expression.ts';
import type { MapFailure, ValueType } from './map-failure.ts';
import { failureAt, type PlacedValue } from './placed-value.ts';
import { after, type Soon } from './soon.ts';
import { type Written, writeValue } from './write-value.ts';

/** A parameter of a mapping, ready for use. */
export type CompiledParam = PlacedValue & {
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
export function readParams(
  params: readonly CompiledParam[],
  onNull: OnNull,
  scope: Scope,
): Soon<Result<Params, MapFailure>> {
  const sheet: Sheet = { texts: {}, leftOut: [], onNull };
  const failure = fill(sheet, params, scope);
  return after(failure, (one) =>
    one === undefined ? succeed({ params: sheet.texts, leftOut: sheet.leftOut }) : fail(one),
  );
}

/** What has been written, and why there is no event, if there is none. */
type Sheet = { readonly texts: Record<string, string>; readonly leftOut: LeftOut[]; readonly onNull: OnNull };
type Failure = MapFailure | undefined;

/** Goes on by itself after a value that has to be waited for. */
function fill(sheet: Sheet, params: readonly CompiledParam[], scope: Scope, from = 0): Soon<Failure> {
  for (let at = from; at < params.length; at += 1) {
    const param = params[at] as CompiledParam;
    const evaluated = param.evaluate(scope);
    if (evaluated instanceof Promise) {
      return evaluated.then((one) => write(sheet, param, one) ?? fill(sheet, params, scope, at + 1));
    }
    const failure = write(sheet, param, evaluated);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function write(sheet: Sheet, param: CompiledParam, evaluated: Evaluated): Failure {
  if (!evaluated.ok) return failureAt(param.place, evaluated.failure);
  const written = writeValue(evaluated.value);
  const failure = refuse(written, param, sheet.onNull);
  if (failure !== undefined) return failure;
  if (written.kind === 'text') sheet.texts[param.name] = written.text;
  else sheet.leftOut.push({ parameter: param.name, type: written.type });
  return undefined;
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
