/** How often each name is there, in the order of the alphabet. */
export function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return mergeCounts([counts]);
}

/** Several counts as one. */
export function mergeCounts(
  counts: readonly ReadonlyMap<string, number>[],
): Readonly<Record<string, number>> {
  const merged = new Map<string, number>();
  for (const [name, count] of counts.flatMap((one) => [...one])) {
    merged.set(name, (merged.get(name) ?? 0) + count);
  }
  return Object.fromEntries([...merged].sort(([one], [other]) => one.localeCompare(other)));
}
