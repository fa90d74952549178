import { type Figure, round } from '../figure.ts';
import { measureCode } from '../measure/bundle-size.ts';
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
    size('ingest, gzipped code that a cold start loads', measureCode(subjects.ingest).atOnce, 65),
    size('usual ingest', measureCode(subjects.usualIngest).atOnce),
    size('deliver, gzipped code that a cold start loads', deliver.atOnce, 100),
    size('deliver, code that only some mappings need', deliver.later),
    size('usual deliver', measureCode(subjects.usualDeliver).atOnce),
  ];
}
