import type { Extractor } from './signature-scheme.ts';

/** A pattern that is nothing but fixed text around one group, as `^v1=(.+)$`. */
const SIMPLE_PATTERN =
  /^\^?((?:[^()[\]\\.*+?{}|^$]|\\[^A-Za-z0-9])*)\(.*\)((?:[^()[\]\\.*+?{}|^$]|\\[^A-Za-z0-9])*)\$?$/;

/** Writes a part of a header so that the extractor would read the value back; `undefined` where its pattern is intricate. */
export function writePart({ pick }: Extractor, value: string): string | undefined {
  if (pick === undefined) return value;
  const [, before, after] = SIMPLE_PATTERN.exec(pick) ?? [];
  if (before === undefined || after === undefined) return undefined;
  const part = `${plain(before)}${value}${plain(after)}`;
  return new RegExp(pick).exec(part)?.[1] === value || value.startsWith('{') ? part : undefined;
}

/** How a part of a header looks, for a person: `v1={signature}`. */
export function writeForm(extractor: Extractor, name: string): string {
  return writePart(extractor, `{${name}}`) ?? `text that ${extractor.pick} matches`;
}

function plain(pattern: string): string {
  return pattern.replaceAll(/\\(.)/g, '$1');
}
