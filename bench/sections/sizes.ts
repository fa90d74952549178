import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Figure, round } from '../figure.ts';
import type { Subject } from '../subjects.ts';
import type { World } from '../world.ts';

/** P8: gzipped code that a cold start loads. */
export function measureSizes({ subjects }: Pick<World, 'subjects'>): readonly Figure[] {
  const size = (what: string, bytes: number, goal?: number): Figure => ({
    id: 'P8',
    what,
    unit: 'KB',
    value: round(bytes / 1000),
    ...(goal !== undefined && { goal, isHeld: true }),
  });
  const deliver = measureCode(subjects.deliver);
  return [
    size('ingest, gzipped code that a cold start loads', measureCode(subjects.ingest).atOnce, 80),
    size('usual ingest', measureCode(subjects.usualIngest).atOnce),
    size('deliver, gzipped code that a cold start loads', deliver.atOnce, 110),
    size('deliver, code that only some mappings need', deliver.later),
    size('usual deliver', measureCode(subjects.usualDeliver).atOnce),
  ];
}

/** Gzipped bytes of code: what a cold start loads, and what is loaded when a mapping needs it. */
type CodeSize = { readonly atOnce: number; readonly later: number };

/** What a cold start loads of a function; every other file of code is a chunk. */
const LOADED_AT_ONCE = ['index.js', 'index.mjs', 'bundle.cjs'];

/** Measures the code of a function. Two versions of zlib may differ by some bytes. */
function measureCode({ directory }: Subject): CodeSize {
  const sizeOf = (file: string) => gzipSync(readFileSync(join(directory, file)), { level: 9 }).length;
  const code = readdirSync(directory).filter((file) => /\.[cm]?js$/.test(file));
  const sum = (isAtOnce: boolean) =>
    code
      .filter((file) => LOADED_AT_ONCE.includes(file) === isAtOnce)
      .reduce((bytes, file) => bytes + sizeOf(file), 0);
  return { atOnce: sum(true), later: sum(false) };
}
