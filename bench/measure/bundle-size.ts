import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Subject } from '../subjects.ts';

/** Gzipped bytes of code: what a cold start loads, and what is loaded when a mapping needs it. */
export type CodeSize = { readonly atOnce: number; readonly later: number };

/** What a cold start loads of a function; every other file of code is a chunk. */
const LOADED_AT_ONCE = ['index.js', 'index.mjs', 'bundle.cjs'];

/** Measures the code of a function. Two versions of zlib may differ by some bytes. */
export function measureCode({ directory }: Subject): CodeSize {
  const sizeOf = (file: string) => gzipSync(readFileSync(join(directory, file)), { level: 9 }).length;
  const code = readdirSync(directory).filter((file) => /\.[cm]?js$/.test(file));
  const sum = (isAtOnce: boolean) =>
    code
      .filter((file) => LOADED_AT_ONCE.includes(file) === isAtOnce)
      .reduce((bytes, file) => bytes + sizeOf(file), 0);
  return { atOnce: sum(true), later: sum(false) };
}
