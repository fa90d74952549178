/** A text or a number in a JSON body, and where it stands (RFC 6901). */
export type Leaf = { readonly pointer: string; readonly value: string | number };

/** Writes another value of the same kind, which no other mark gives. */
export type Vary = (value: string | number, mark: number) => string | number;

/** Every text and number of a body, in their order. */
export function leavesOf(value: unknown, pointer = ''): readonly Leaf[] {
  if (typeof value === 'string' || typeof value === 'number') return [{ pointer, value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    leavesOf(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
}

/** The ways in which a value may be made another, the likeliest to be taken for one of its kind first. */
export function waysToVary({ value }: Leaf): readonly Vary[] {
  if (typeof value === 'number') return Number.isInteger(value) ? [varyNumber] : [];
  if (value.includes('@')) return [varyAddress];
  return /\d{6}$/.test(value) ? [varyLastDigits, addMark] : [addMark];
}

const varyNumber: Vary = (_, mark) => 1_000_000_000 + mark;

/** In a name with an address, too. */
const varyAddress: Vary = (value, mark) => String(value).replace(/[^\s<>,;@]+@/, `w${mark}.$&`);

/** A telephone number stays one. */
const varyLastDigits: Vary = (value, mark) => String(value).replace(/\d{6}$/, String(mark).padStart(6, '0'));

const addMark: Vary = (value, mark) => `${value}-${mark}`;

/** A time so many milliseconds later, in the form that it has; `undefined` where it is none. */
export function shiftTime({ value }: Leaf, milliseconds: number): string | number | undefined {
  if (typeof value === 'number') return shiftNumber(value, milliseconds);
  const hasOffset = /(Z|[+-]\d\d:?\d\d)$/.test(value);
  const time = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(hasOffset ? value : `${value}Z`) : Number.NaN;
  if (Number.isNaN(time)) return undefined;
  const shifted = new Date(time + milliseconds).toISOString();
  return hasOffset ? shifted : shifted.slice(0, -1);
}

/** Unix seconds from 2001 on, or milliseconds. */
function shiftNumber(value: number, milliseconds: number): number | undefined {
  if (value < 1_000_000_000 || value > 100_000_000_000_000) return undefined;
  const isSeconds = value < 100_000_000_000;
  return isSeconds ? value + Math.round(milliseconds / 1000) : value + milliseconds;
}
