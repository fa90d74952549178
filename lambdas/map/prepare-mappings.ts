import { type CompiledMapping, compileMapping } from './map-webhook.ts';
import type { Mapping } from './mapping.ts';

/** Mappings ready for use, by their source. */
export type PreparedMappings = Pick<ReadonlyMap<string, CompiledMapping>, 'get'>;

/**
 * Makes so many mappings ready at once, and each of the others when its first webhook comes: a cold start, whose events
 * are of a few sources, is not to wait for hundreds. Each is made once.
 */
export function prepareMappings(mappings: readonly Mapping[], atOnce: number): PreparedMappings {
  const bySource = new Map(mappings.map((mapping) => [mapping.source, mapping]));
  const prepared = new Map(
    mappings.slice(0, atOnce).map((mapping) => [mapping.source, compileMapping(mapping)]),
  );
  return {
    get: (source) => {
      const known = prepared.get(source);
      const mapping = bySource.get(source);
      if (known !== undefined || mapping === undefined) return known;
      const made = compileMapping(mapping);
      prepared.set(source, made);
      return made;
    },
  };
}
