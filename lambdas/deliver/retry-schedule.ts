/** SQS hides a message for at most this long after it was received (developer guide, "Visibility timeout"). */
const SQS_MAX_VISIBILITY_SECONDS = 43_200;

/** Every number of the retry schedule; times in seconds. The stack's queues are derived from it. */
export const RETRY_SCHEDULE = {
  /** How long the first pause can be; each further one may be twice as long as the one before. */
  firstCeilingSeconds: 5,
  /** Pauses grow no longer than this: once all works again, a message is late by a quarter of an hour at most. */
  lastCeilingSeconds: 900,
  /**
   * The shortest pause, as a part of the longest at that point. This floor bounds how often a message is received by
   * more than luck: SQS moves a message to the dead letters after 1,000 receives at the latest.
   */
  floorPart: 1 / 4,
  /** The longest pause that the vendor can ask for; far below what SQS can hide a message for. */
  longestHintSeconds: 3_600,
  /** How long a webhook is tried before it is dead-lettered as `retries-exhausted` (24 h). */
  budgetSeconds: 86_400,
} as const;

/** The longest pause that the schedule can give, in seconds. */
export const LONGEST_PAUSE_SECONDS = Math.min(
  Math.max(RETRY_SCHEDULE.lastCeilingSeconds, RETRY_SCHEDULE.longestHintSeconds),
  SQS_MAX_VISIBILITY_SECONDS,
);

function ceilingSeconds(receives: number): number {
  const { firstCeilingSeconds, lastCeilingSeconds } = RETRY_SCHEDULE;
  return Math.min(lastCeilingSeconds, firstCeilingSeconds * 2 ** (receives - 1));
}

function floorSeconds(receives: number): number {
  return Math.ceil(ceilingSeconds(receives) * RETRY_SCHEDULE.floorPart);
}

/**
 * Whole seconds until the next attempt: exponential, with jitter over the whole range between floor and ceiling, so that
 * messages that failed together are not repeated together. Every pause of a message comes from here, that of an open
 * breaker too: `mostReceives` depends on it.
 * @param receives how often the message has been received so far, from 1
 * @param random a number from 0 to 1
 * @param atLeastSeconds what the vendor, or a breaker, asks for
 */
export function nextDelaySeconds(receives: number, random: number, atLeastSeconds = 0): number {
  const floor = floorSeconds(receives);
  const spread = Math.ceil(floor + (ceilingSeconds(receives) - floor) * random);
  return Math.min(LONGEST_PAUSE_SECONDS, Math.max(spread, Math.ceil(atLeastSeconds)));
}

/** Whether a webhook that was first seen at this time has used up its retry budget. */
export function isExhausted(firstSeenAt: Date, now: Date): boolean {
  return now.getTime() - firstSeenAt.getTime() >= RETRY_SCHEDULE.budgetSeconds * 1000;
}

/**
 * How often a message can be received until its budget is used up: with every pause at its floor, and the receive that
 * finds the budget used up included. The queue's `maxReceiveCount` has to be larger.
 */
export function mostReceives(): number {
  let receives = 1;
  for (let elapsed = 0; elapsed < RETRY_SCHEDULE.budgetSeconds; receives += 1)
    elapsed += floorSeconds(receives);
  return receives;
}

/**
 * After so many receives a message for which there was no time is put on the buffer anew, and counts from 1. A receive for
 * lack of time is no failure and has no growing pause, so that a large batch at a low rate takes more of them than SQS
 * allows. From here, all receives of the schedule still fit below the queue's `maxReceiveCount`.
 */
export const FRESH_COPY_RECEIVES = 300;

/** How long a message can stay on the buffer by this schedule, in seconds: the queue has to retain it for longer. */
export const LONGEST_STAY_SECONDS = RETRY_SCHEDULE.budgetSeconds + LONGEST_PAUSE_SECONDS;

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
