import { ASK_JSONATA } from './expression-value.ts';

/** The common pictures: `0`, `0.00`, `#,##0.00`, `0.##`, with text around them that is no part of a picture. */
const PICTURE = /^([^\d#.,;e%\u2030]*)(#,##0|#*0+)(?:\.(?=[0#])(0*)(#*))?([^\d#.,;e%\u2030]*)$/;
const MAX_DIGITS = 20;

/** What is larger is written with an exponent. */
const LARGEST = 1e21;

/** JSONata's `$formatNumber` (XPath's format-number) by the common pictures. */
export function formatNumber(value: number, picture: string): string | typeof ASK_JSONATA {
  const [, prefix = '', whole = '', zeros = '', optional = '', suffix = ''] = PICTURE.exec(picture) ?? [];
  const digits = zeros.length + optional.length;
  if (whole === '' || digits > MAX_DIGITS) return ASK_JSONATA;
  const rounded = Math.abs(roundHalfEven(value, digits));
  if (!(rounded < LARGEST)) return ASK_JSONATA;

  const [before = '', after = ''] = rounded.toFixed(digits).split('.');
  const integer = before.replace(/^0/, '').padStart(countZeros(whole), '0');
  const fraction = after.replace(/0+$/, '').padEnd(zeros.length, '0');
  const grouped = whole.includes(',') ? integer.replace(/\B(?=(\d{3})+$)/g, ',') : integer;
  return `${value >= 0 ? '' : '-'}${prefix}${grouped}${fraction && '.'}${fraction}${suffix}`;
}

function countZeros(picture: string): number {
  return picture.length - picture.indexOf('0');
}

/** Rounds to so many decimals, halves to the even digit, with the decimal point moved in text as JSONata moves it. */
export function roundHalfEven(value: number, precision: number): number {
  const shifted = shift(value, precision);
  const nearest = Math.round(shifted);
  const isWrongHalf = Math.abs(nearest - shifted) === 0.5 && Math.abs(nearest % 2) === 1;
  return shift(isWrongHalf ? nearest - 1 : nearest, -precision);
}

function shift(value: number, places: number): number {
  const [digits = '', exponent = '0'] = String(value).split('e');
  return Number(`${digits}e${Number(exponent) + places}`);
}
