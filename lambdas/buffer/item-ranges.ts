import * as z from 'zod/mini';

/** Writes the items of a batch, counted from 0, in few characters: 0 to 41 and 43 are "0-41,43". */
export function writeItemRanges(items: Iterable<number>): string {
  const ranges: [first: number, last: number][] = [];
  for (const item of [...new Set(items)].sort((one, other) => one - other)) {
    const latest = ranges.at(-1);
    if (latest !== undefined && latest[1] === item - 1) latest[1] = item;
    else ranges.push([item, item]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** Reads what `writeItemRanges` wrote, in ascending order. */
export function itemRangesSchema() {
  const ranges = z.string().check(z.regex(/^\d{1,7}(-\d{1,7})?(,\d{1,7}(-\d{1,7})?)*$/));
  return z.pipe(ranges, z.transform(readItemRanges));
}

function readItemRanges(text: string): readonly number[] {
  return text.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
