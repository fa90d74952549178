import { fail, type Result } from '../result.ts';
import type { CompiledValue, ExpressionFailure, Scope } from './expression.ts';
import type { MapFailure, MappingPlace } from './map-failure.ts';
import { after, type Soon } from './soon.ts';

/** A value of a mapping, ready for use, and where it stands. */
export type PlacedValue = { readonly place: MappingPlace; readonly evaluate: CompiledValue };

/** What a value of a mapping is for one webhook. */
export type Found = Result<unknown, MapFailure>;

/** Evaluates a value of a mapping; a failure says where it stands. */
export function evaluate({ place, evaluate: compiled }: PlacedValue, scope: Scope): Soon<Found> {
  return after(compiled(scope), (evaluated) =>
    evaluated.ok ? evaluated : fail(failureAt(place, evaluated.failure)),
  );
}

/** Says where an expression stands that failed. */
export function failureAt(place: MappingPlace, failure: ExpressionFailure): MapFailure {
  return { code: 'expression-failed', ...place, ...failure };
}
