import type jsonata from 'jsonata';
import { dateOf, isDay, offsetOf, readTime } from './time.ts';

/** A function of JSONata as JSONata keeps it. */
type JsonataFunction = { readonly implementation: Implementation };
type Implementation = (this: unknown, ...given: readonly unknown[]) => unknown;

/** Ends an expression as an error of JSONata's own does, by its code: JSONata waits for what a function promises. */
function failWith(code: 'offset-misread' | 'time-unreadable' | 'zone-unknown' | 'D3030'): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }));
}

/** Functions that expressions have beside or instead of JSONata's own, by their names. */
export type OwnFunctions = Readonly<Record<string, JsonataFunction>>;

/**
 * Makes `$localTime`, and JSONata's functions that would turn a value into a wrong one (`$fromMillis`, `$toMillis`, `$number`)
 * so that they fail instead.
 */
export async function makeFunctions(engine: typeof jsonata): Promise<OwnFunctions> {
  const expression = engine('[$fromMillis, $toMillis, $number, $localTime]');
  // Text, number, null or nothing; the time may be the context, as in `created.$localTime(…)`.
  expression.registerFunction('localTime', () => undefined, '<(nsl)-ss:s>');
  const [fromMillis, toMillis, number, localTime]: readonly [
    JsonataFunction,
    JsonataFunction,
    JsonataFunction,
    JsonataFunction,
  ] = await expression.evaluate({});
  return {
    fromMillis: { ...fromMillis, implementation: fromMillisWith(fromMillis.implementation) },
    toMillis: { ...toMillis, implementation: toMillisWith(toMillis.implementation) },
    number: { ...number, implementation: numberWith(number.implementation) },
    localTime: { ...localTime, implementation: localTimeWith(fromMillis.implementation) },
  };
}

/**
 * An offset that JSONata reads as it is meant. It takes the digits for one number: `+05:00` are five minutes to it, `-0330` are
 * four and a half hours, and a name is NaN.
 */
const OFFSET = /^(?:\+?(?:0\d|1[0-4])[0-5]\d|-(?:0\d|1[0-2])00)$/;

/** Whether JSONata reads the offset from UTC of its functions of time right. */
export function isOffset(text: string): boolean {
  return OFFSET.test(text);
}

function fromMillisWith(original: Implementation): Implementation {
  return function (millis, picture, offset) {
    if (typeof offset === 'string' && !isOffset(offset)) return failWith('offset-misread');
    const isTime = typeof millis !== 'number' || dateOf(millis) !== undefined;
    if (!isTime) return failWith('time-unreadable');
    return original.call(this, millis, picture, offset);
  };
}

/** A negative offset with minutes: where a picture says that there is one, JSONata is wrong by twice the minutes. */
const MISREAD_OFFSET = /-\d{2}:?(?!00)[0-5]\d\s*$/;

function toMillisWith(original: Implementation): Implementation {
  return function (time, picture) {
    if (typeof time !== 'string') return original.call(this, time, picture);
    if (picture === undefined) return readIso(time, (text) => original.call(this, text));
    const isMisread = /\[[Zz]/.test(String(picture)) && MISREAD_OFFSET.test(time);
    if (isMisread) return failWith('offset-misread');
    return original.call(this, time, picture);
  };
}

function readIso(time: string, read: (text: string) => unknown): unknown {
  // Without an offset, JavaScript would take the time zone of the machine. Lambda's is UTC.
  const millis = read(/T[\d:.]+$/.test(time) ? `${time}Z` : time);
  const day = /^\d{4}-\d{2}-\d{2}/.exec(time)?.[0];
  if (Number.isNaN(millis) || (day !== undefined && !isDay(day))) {
    return failWith('time-unreadable');
  }
  return millis;
}

function numberWith(original: Implementation): Implementation {
  return function (value) {
    const isRounded =
      typeof value === 'string' && /^-?\d+$/.test(value) && !Number.isSafeInteger(Number(value));
    // JSONata's own code for a text that is no number.
    if (isRounded) return failWith('D3030');
    return original.call(this, value);
  };
}

/** `$localTime(time, picture, zone)`: a time as the clocks of a zone show it, by a picture of JSONata's `$fromMillis`. */
function localTimeWith(fromMillis: Implementation): Implementation {
  return function (time, picture, zone) {
    if (time === undefined || time === null) return undefined;
    const date = readTime(time);
    if (date === undefined) return failWith('time-unreadable');
    const minutes = offsetOf(date, String(zone));
    if (minutes === undefined) return failWith('zone-unknown');
    const hours = Math.trunc(minutes / 60) + (minutes % 60 < 0 ? 1 : 0);
    // JSONata rounds down the hours of a negative offset: this number makes it show the right one.
    const offset = hours * 100 + (minutes % 60);
    const read = Math.floor(offset / 100) * 60 + (offset % 100);
    const millis = date.getTime() + (minutes - read) * 60_000;
    const text = fromMillis.call(this, millis, picture, String(offset));
    // `[Z1]` of an offset such as -03:30.
    return String(text).replace(/(-\d+:)-(\d\d)/, '$1$2');
  };
}
