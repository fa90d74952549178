import { closest, distance } from 'fastest-levenshtein';

/** The name that was probably meant, if one is near enough to what was written. */
export function nearestName(written: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const lowerCase = names.map((name) => name.toLowerCase());
  const nearest = closest(written.toLowerCase(), lowerCase);
  const isNear = distance(written.toLowerCase(), nearest) <= Math.max(2, Math.floor(written.length / 3));
  return isNear ? names[lowerCase.indexOf(nearest)] : undefined;
}

/** A sentence that asks for the name that was probably meant; otherwise the other advice. */
export function didYouMean(written: string, names: readonly string[], otherwise: string): string {
  const nearest = nearestName(written, names);
  return nearest === undefined ? otherwise : `Did you mean "${nearest}"?`;
}
