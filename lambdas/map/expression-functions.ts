import { formatDate } from './date-picture.ts';
import { ASK_JSONATA, finite, isList, textOf, truthOf } from './expression-value.ts';
import { formatNumber, roundHalfEven } from './number-picture.ts';

/** One of JSONata's functions, for the types of arguments that it is made for; for all others JSONata is asked. */
export type BuiltIn = {
  readonly types: readonly ('string' | 'number' | 'any')[];
  /** How many of them have to be given. */
  readonly required: number;
  readonly apply: (...args: never[]) => unknown;
};

/** What a function is called with has been compared with its types. */
type Apply = (...args: readonly unknown[]) => unknown;

/** What JSONata takes for a date and time. */
const ISO_8601 = /^\d{4}(-[01]\d)?(-[0-3]\d)?(T[0-2]\d:[0-5]\d:[0-5]\d)?(\.\d+)?([+-][0-2]\d:?[0-5]\d|Z)?$/;
const NUMBER = /^-?\d+(\.\d+)?([Ee][-+]?\d+)?$/;

function of(types: BuiltIn['types'], apply: (...args: never[]) => unknown, required = types.length): BuiltIn {
  return { types, required, apply };
}

export const BUILT_INS: Readonly<Record<string, BuiltIn>> = {
  uppercase: of(['string'], (text: string) => text.toUpperCase()),
  lowercase: of(['string'], (text: string) => text.toLowerCase()),
  trim: of(['string'], (text: string) => text.replace(/[ \t\n\r]+/g, ' ').replace(/^ | $/g, '')),
  length: of(['string'], (text: string) => [...text].length),
  toMillis: of(['string'], (text: string) => (ISO_8601.test(text) ? finite(Date.parse(text)) : ASK_JSONATA)),
  contains: of(['string', 'string'], (text: string, part: string) => text.includes(part)),
  substringBefore: of(['string', 'string'], (text: string, part: string) =>
    text.includes(part) ? text.slice(0, text.indexOf(part)) : text,
  ),
  substringAfter: of(['string', 'string'], (text: string, part: string) =>
    text.includes(part) ? text.slice(text.indexOf(part) + part.length) : text,
  ),
  substring: of(['string', 'number', 'number'], substring, 2),
  number: of(['any'], numberOf),
  string: of(['any'], (value: unknown) => (value === undefined ? undefined : textOf(value))),
  boolean: of(['any'], truthOf),
  not: of(['any'], not),
  exists: of(['any'], (value: unknown) => value !== undefined),
  type: of(['any'], typeOf),
  count: of(['any'], (value: unknown) => (isList(value) ? value.length : value === undefined ? 0 : 1)),
  sum: of(['any'], sum),
  abs: of(['number'], Math.abs),
  floor: of(['number'], Math.floor),
  ceil: of(['number'], Math.ceil),
  round: of(['number', 'number'], (value: number, places = 0) => finite(roundHalfEven(value, places)), 1),
  formatNumber: of(['number', 'string'], formatNumber),
  fromMillis: of(['number', 'string'], formatDate, 1),
};

/** Calls a function with so many arguments as it may have. Of a missing value nothing comes. */
export function callBuiltIn({ types, apply }: BuiltIn, args: readonly unknown[]): unknown {
  for (const [index, arg] of args.entries()) {
    const isFit = types[index] === 'any' || typeof arg === types[index] || (index === 0 && arg === undefined);
    if (!isFit) return ASK_JSONATA;
  }
  return args[0] === undefined && types[0] !== 'any' ? undefined : (apply as Apply)(...args);
}

function not(value: unknown): unknown {
  const truth = truthOf(value);
  return typeof truth === 'boolean' ? !truth : truth;
}

/** By characters, not by halves of them. */
function substring(text: string, start: number, length?: number): string {
  const characters = [...text];
  const from = characters.length + start < 0 ? 0 : start;
  if (length === undefined) return characters.slice(from).join('');
  if (length <= 0) return '';
  return characters.slice(from, from >= 0 ? from + length : characters.length + from + length).join('');
}

function numberOf(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
    case 'undefined':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'string':
      return NUMBER.test(value) ? finite(Number(value)) : ASK_JSONATA;
    default:
      return ASK_JSONATA;
  }
}

function typeOf(value: unknown): unknown {
  if (value === null) return 'null';
  if (typeof value === 'object') return isList(value) ? 'array' : 'object';
  return value === undefined ? undefined : typeof value;
}

function sum(value: unknown): unknown {
  if (value === undefined) return undefined;
  let total = 0;
  for (const each of isList(value) ? value : [value]) {
    if (typeof each !== 'number') return ASK_JSONATA;
    total += each;
  }
  return finite(total);
}
