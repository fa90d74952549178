/** Unix times nearer to 1970 than this are seconds, others milliseconds: it is the year 5138 in seconds, 1973 in milliseconds. */
const FIRST_MILLISECONDS = 100_000_000_000;

/** A date and time with an offset, as in ISO 8601 and RFC 3339. */
const ISO_8601 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/;

/** Reads when an event happened: unix seconds or milliseconds, as number or text, or ISO 8601 with an offset. */
export function readEventTime(value: unknown): Date | undefined {
  const time = readTime(value);
  return time === undefined || time.getTime() < 0 ? undefined : time;
}

/** As an event time, and before 1970 too. */
export function readTime(value: unknown): Date | undefined {
  if (typeof value === 'number') {
    return dateOf(Math.abs(value) < FIRST_MILLISECONDS ? value * 1000 : value);
  }
  if (typeof value !== 'string') return undefined;
  if (/^-?\d{1,15}(\.\d{1,9})?$/.test(value)) return readTime(Number(value));
  const day = ISO_8601.exec(value)?.[1];
  return day !== undefined && isDay(day) ? dateOf(Date.parse(value)) : undefined;
}

/** `undefined` beyond what JavaScript can hold, some 270,000 years. */
export function dateOf(milliseconds: number): Date | undefined {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Whether there is such a day (`2026-02-30` is none): JavaScript takes 30 February for 2 March. */
export function isDay(text: string): boolean {
  return (
    dateOf(Date.parse(`${text}T00:00:00Z`))
      ?.toISOString()
      .startsWith(text) === true
  );
}

/** How far the clocks of a zone (`Europe/Berlin`) are ahead of UTC at a time, in minutes; `undefined` for no zone. */
export function offsetOf(date: Date, timeZone: string): number | undefined {
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
    const [, sign, hours = 0, minutes = 0] = /GMT([+-])(\d{2}):(\d{2})/.exec(format.format(date)) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  } catch {
    return undefined;
  }
}
