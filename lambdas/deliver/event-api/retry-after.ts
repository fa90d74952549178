import { RETRY_SCHEDULE } from '../retry-schedule.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const DAY_NAME = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const DAY_NAME_LONG = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)';

/** The three forms of a date that a recipient has to accept (RFC 9110, 5.6.7). The day's name is not held against it. */
const HTTP_DATES: readonly RegExp[] = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^${DAY_NAME}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^${DAY_NAME_LONG}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT$`),
  // Sun Nov  6 08:49:37 1994
  new RegExp(`^${DAY_NAME} ${MONTH} (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * Whole seconds to wait by a `Retry-After` header: a number of seconds or a date (RFC 9110, 10.2.3), at most an hour. A
 * date that has passed asks for no pause; nonsense counts as no header at all.
 */
export function readRetryAfter(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  const seconds = /^\d+$/.test(text) ? Number(text) : secondsUntil(readHttpDate(text, now), now);
  return seconds === undefined ? undefined : Math.min(seconds, RETRY_SCHEDULE.longestHintSeconds);
}

function secondsUntil(time: number | undefined, now: Date): number | undefined {
  return time === undefined ? undefined : Math.max(0, Math.ceil((time - now.getTime()) / 1000));
}

type DateParts = Readonly<Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string>>;

function readHttpDate(text: string, now: Date): number | undefined {
  const parts = HTTP_DATES.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  return parts === undefined ? undefined : timeOf(parts as DateParts, now);
}

function timeOf(parts: DateParts, now: Date): number | undefined {
  const [hour, minute, second] = [Number(parts.hour), Number(parts.minute), Number(parts.second)];
  // A leap second is the grammar's 60.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const day = Number(parts.day);
  const year = parts.year.length === 2 ? fullYear(Number(parts.year), now) : Number(parts.year);
  const date = new Date(0);
  date.setUTCFullYear(year, MONTHS.indexOf(parts.month), day);
  // A day that the month does not have has become one of the next month.
  return date.getUTCDate() === day ? date.setUTCHours(hour, minute, second) : undefined;
}

/** The year with these last two digits that is at most 50 years ahead, or else the latest in the past (RFC 9110, 5.6.7). */
function fullYear(lastTwoDigits: number, now: Date): number {
  const latest = now.getUTCFullYear() + 50;
  return latest - ((latest - lastTwoDigits) % 100);
}
