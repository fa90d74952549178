import { remember } from '../remember.ts';
import type { Extractor } from './signature-scheme.ts';

/** Gives the value in a part of a header, which stands from one place to another, if it is of a pattern. */
type PartReader = (header: string, from: number, to: number) => string | undefined;

const readerOf = remember((pick): PartReader => {
  // What most vendors' patterns are is read without an expression: a prefix, and all that is after it.
  const prefix = /^\^([A-Za-z0-9=:_-]*)\(\.[+*]\)\$$/.exec(pick)?.[1];
  if (prefix !== undefined) {
    return (header, from, to) =>
      from + prefix.length <= to && header.startsWith(prefix, from)
        ? header.slice(from + prefix.length, to)
        : undefined;
  }
  // Without a flag, so that nothing of one header is left in it for the next.
  const pattern = new RegExp(pick);
  return (header, from, to) => pattern.exec(header.slice(from, to))?.[1];
});

const readWhole: PartReader = (header, from, to) => header.slice(from, to);

/** The values in the parts of a header that an extractor wants; empty ones are none. */
export function readParts({ split, pick }: Extractor, header: string): readonly string[] {
  const read = pick === undefined ? readWhole : readerOf(pick);
  const values: string[] = [];
  for (let from = 0; from <= header.length; ) {
    const at = split === undefined ? -1 : header.indexOf(split, from);
    const to = at === -1 ? header.length : at;
    const start = skipBlanks(header, from, to);
    const value = read(header, start, skipBlanksBack(header, start, to));
    if (value) values.push(value);
    from = to + (split?.length ?? 1);
  }
  return values;
}

/** Blanks around a part are none of it: RFC 9110, 5.6.3. */
function skipBlanks(text: string, from: number, to: number): number {
  let start = from;
  while (start < to && isBlank(text.charCodeAt(start))) start += 1;
  return start;
}

function skipBlanksBack(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

function isBlank(character: number): boolean {
  return character === SPACE || character === TAB;
}

const SPACE = 0x20;
const TAB = 0x09;
