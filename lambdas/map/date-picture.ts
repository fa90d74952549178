import { remember } from '../remember.ts';
import { ASK_JSONATA } from './expression-value.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** Years of four digits; for others there are rules of their own. */
const FIRST = Date.UTC(1000, 0);
const LAST = Date.UTC(10_000, 0) - 1;

/** A mapping's author writes less; a picture out of a webhook may be anything. */
const MAX_PICTURE = 200;

type Write = (date: Date) => string;

/** The components that are numbers, and how many digits they have where the picture does not say. */
const NUMBERS: Readonly<Record<string, readonly [digits: number, read: (date: Date) => number]>> = {
  Y: [1, (date) => date.getUTCFullYear()],
  M: [1, (date) => date.getUTCMonth() + 1],
  D: [1, (date) => date.getUTCDate()],
  H: [1, (date) => date.getUTCHours()],
  h: [1, (date) => date.getUTCHours() % 12 || 12],
  m: [2, (date) => date.getUTCMinutes()],
  s: [2, (date) => date.getUTCSeconds()],
  f: [1, (date) => date.getUTCMilliseconds()],
};

const NAMES: Readonly<Record<string, Write>> = {
  M: (date) => MONTHS[date.getUTCMonth()] ?? '',
  F: (date) => DAYS[date.getUTCDay()] ?? '',
  P: (date) => (date.getUTCHours() >= 12 ? 'pm' : 'am'),
};

/**
 * JSONata's `$fromMillis` in UTC, by the common components: `[D1] [MNn] [Y0001]`, `[H01]:[m01]`, `[FNn,*-3]`; without a picture
 * ISO 8601.
 */
export function formatDate(milliseconds: number, picture?: string): string | typeof ASK_JSONATA {
  if (!(milliseconds >= FIRST && milliseconds <= LAST)) return ASK_JSONATA;
  const date = new Date(milliseconds);
  if (picture === undefined) return date.toISOString();
  const parts = readPicture(picture);
  return parts === 'unknown' ? ASK_JSONATA : parts.map((part) => part(date)).join('');
}

/** A picture's parts; or that there is something in it which is not written here. */
const readPicture = remember((picture): readonly Write[] | 'unknown' => {
  if (picture.length > MAX_PICTURE || /\[\[|\]\]/.test(picture)) return 'unknown';
  // Split by what is in brackets, every second part is that. A bracket beside it is never closed.
  const parts = picture.split(/\[([^\]]*)\]/).map((part, index) => {
    if (index % 2 === 1) return readNumber(part) ?? readName(part) ?? readZone(part);
    return part.includes('[') ? undefined : () => part;
  });
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? known : 'unknown';
});

/** `D`, `D1`, `M01`, `Y0001`: at least so many digits; of a year no more either, if they are two or more. */
function readNumber(marker: string): Write | undefined {
  const [, component = '', zeros] = /^([YMDHhmsf])(0*1)?$/.exec(marker) ?? [];
  const number = NUMBERS[component];
  if (number === undefined) return undefined;
  const [usual, read] = number;
  const digits = zeros?.length ?? usual;
  const isCut = component === 'Y' && digits >= 2;
  return (date) => String(isCut ? read(date) % 10 ** digits : read(date)).padStart(digits, '0');
}

/** `MNn`, `FN`, `Pn`, `MNn,*-3`: how a name is written, and after how many letters it is cut. */
function readName(marker: string): Write | undefined {
  const [, component = '', style = 'n', most] = /^([MFP])(N|Nn|n)(?:,\*-(\d{1,2}))?$/.exec(marker) ?? [];
  const read = NAMES[component];
  // Only names of months and days are cut, and am and pm have no capital.
  if (read === undefined || (component === 'P' && (most !== undefined || style === 'Nn'))) return undefined;
  const length = Number(most ?? Number.POSITIVE_INFINITY);
  const write = { N: upperCase, n: lowerCase, Nn: asItIs }[style] ?? asItIs;
  return (date) => write(read(date)).slice(0, length);
}

const upperCase = (name: string) => name.toUpperCase();
const lowerCase = (name: string) => name.toLowerCase();
const asItIs = (name: string) => name;

/** `Z`, and as ISO 8601 has it. */
const ZONES: ReadonlyMap<string, string> = new Map([
  ['Z', '+00:00'],
  ['Z01:01', '+00:00'],
  ['Z01:01t', 'Z'],
]);

function readZone(marker: string): Write | undefined {
  const zone = ZONES.get(marker);
  return zone === undefined ? undefined : () => zone;
}
