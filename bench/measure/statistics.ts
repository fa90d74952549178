/** A figure with its spread: the middle one of all that were measured, and the tenth and ninetieth of a hundred. */
export type Spread = { readonly median: number; readonly p10: number; readonly p90: number };

/** The spread of some measurements; there has to be one at least. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), p10: quantile(sorted, 0.1), p90: quantile(sorted, 0.9) };
}

/** What so large a part of all measurements does not exceed: 0.99 for the 99th of a hundred. */
export function percentile(values: readonly number[], part: number): number {
  return quantile(
    values.toSorted((one, other) => one - other),
    part,
  );
}

/** Takes the ratio of each measurement to that of its base in the same round, and then the spread of the ratios. */
export function ratioOf(values: readonly number[], bases: readonly number[]): Spread {
  return spreadOf(values.map((value, round) => value / (bases[round] ?? Number.NaN)));
}

/** Between two neighbours it lies in proportion. */
function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * The exponent by which a cost grows with a size: 0 is flat, 1 linear, 2 quadratic. It is the slope of the straight line
 * through the logarithms (least squares).
 */
export function growthExponent(points: readonly (readonly [size: number, cost: number])[]): number {
  const logs = points.map(([size, cost]) => [Math.log(size), Math.log(cost)] as const);
  const meanX = mean(logs.map(([x]) => x));
  const meanY = mean(logs.map(([, y]) => y));
  const covariance = mean(logs.map(([x, y]) => (x - meanX) * (y - meanY)));
  return covariance / mean(logs.map(([x]) => (x - meanX) ** 2));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
