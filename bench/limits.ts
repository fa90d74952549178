import type { Figure } from './figure.ts';

/** Allowed above what is committed, as a part of it. What nothing random is in may hardly grow; a ratio is noisy. */
const MARGINS: Readonly<Record<Figure['unit'], number | undefined>> = {
  KB: 0.05,
  MB: undefined,
  calls: 0,
  USD: 0.02,
  x: 0.6,
  exponent: 0.35,
  'per s': undefined,
  ms: undefined,
  us: undefined,
};

/**
 * Compares figures with those that are committed (`bench/results.json`): every one that CI holds and that has grown beyond its
 * margin, and every call that was not made before, as a sentence.
 */
export function findGrown(measured: readonly Figure[], committed: readonly Figure[]): readonly string[] {
  return measured.flatMap((figure) => {
    const margin = MARGINS[figure.unit];
    if (margin === undefined || figure.isHeld === undefined) return [];
    const before = committed.find(({ id, what }) => id === figure.id && what === figure.what)?.value ?? 0;
    // What is nearly flat has no part of itself to grow by.
    const limit = figure.unit === 'exponent' ? before + margin : before * (1 + margin);
    if (figure.value <= limit) return [];
    const { id, what, value, unit } = figure;
    return [
      `${id} ${what}: ${value} ${unit}; committed is ${before}, the limit ${Number(limit.toPrecision(3))}`,
    ];
  });
}
