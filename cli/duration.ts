import { InvalidArgumentError } from 'commander';

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Reads a duration such as `30m` or `3d`, in seconds. */
export function readDuration(text: string): number {
  const { count, unit = '' } = /^(?<count>\d{1,6})(?<unit>[smhd])$/.exec(text)?.groups ?? {};
  const seconds = UNIT_SECONDS[unit];
  if (seconds === undefined) throw new InvalidArgumentError('expected a duration: 45s, 30m, 2h or 3d');
  return Number(count) * seconds;
}

/** Says for how long something has been, in its largest unit. */
export function sayDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [unit, size] = Object.entries(UNIT_SECONDS).findLast(([, size]) => whole >= size) ?? ['s', 1];
  return `${Math.floor(whole / size)} ${unit === 'm' ? 'min' : unit}`;
}
