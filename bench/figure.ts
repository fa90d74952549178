import type { Spread } from './measure/statistics.ts';

/** One line of the results: what was measured, in which unit, and how good it is to be. */
export type Figure = {
  /** `P1` to `P9` as the goals are numbered, or the group that it belongs to. */
  readonly id: string;
  readonly what: string;
  readonly unit: 'x' | 'KB' | 'MB' | 'USD' | 'exponent' | 'calls' | 'per s' | 'ms' | 'us';
  readonly value: number;
  /** The tenth and the ninetieth of a hundred measurements; missing where nothing is random. */
  readonly spread?: readonly [p10: number, p90: number];
  /** The value is to be no larger. */
  readonly goal?: number;
  /** Whether CI holds us to it: it is ours, and does not depend on how busy the machine is. */
  readonly isHeld?: true;
};

/** A figure of measurements that differ from round to round. */
export function figureOf(
  facts: Pick<Figure, 'id' | 'what' | 'unit' | 'goal' | 'isHeld'>,
  { median, p10, p90 }: Spread,
): Figure {
  return { ...facts, value: round(median), spread: [round(p10), round(p90)] };
}

/** To three digits, which is more than any of it is worth. */
export function round(value: number): number {
  return Number(value.toPrecision(3));
}
