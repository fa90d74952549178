/** Unix times below this are seconds, from it on milliseconds: it is the year 5138 in the one and 1973 in the other. */
const FIRST_MILLISECONDS = 100_000_000_000;

/** A date and time with an offset, as ISO 8601 and RFC 3339 have it. */
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;

/** Reads when an event happened: unix seconds or milliseconds, as number or text, or ISO 8601 with an offset. */
export function readEventTime(value: unknown): Date | undefined {
  if (typeof value === 'number') return dateOf(value < FIRST_MILLISECONDS ? value * 1000 : value);
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,15}(\.\d{1,9})?$/.test(value)) return readEventTime(Number(value));
  return ISO_8601.test(value) ? dateOf(Date.parse(value)) : undefined;
}

function dateOf(milliseconds: number): Date | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) || milliseconds < 0 ? undefined : date;
}
