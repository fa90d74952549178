import type { Problem } from '../config-file.ts';
import type { MappingFile } from './mapping-file.ts';
import { type ExampleRun, mappedBy } from './run-example.ts';

/** What no example ever gives, so that no webhook would: each is a mistake in the mapping, or a missing example. */
export function checkCoverage(mapping: MappingFile, runs: readonly ExampleRun[]): readonly Problem[] {
  return mapping.events.flatMap((event, index) => {
    const at = ['events', index];
    const mapped = runs.flatMap((run) => mappedBy(run, event.name));
    const tried = mapped.filter(({ kind }) => kind !== 'skipped');
    if (tried.length === 0) {
      const why = mapped.length === 0 ? 'no example is of its type' : 'every example of its type is skipped';
      const message = `${why}, so that nothing is known of it. Add one to the folder "examples".`;
      return [{ ...mapping.problemAt([...at, 'name'], message), severity: 'warning' as const }];
    }
    if (tried.some(({ kind }) => kind === 'event')) return [];
    // Every example ends in a rejection; the first tells where.
    const failures = tried.flatMap((one) => (one.kind === 'rejected' ? [one.failure] : []));
    return [...new Set(failures.map(({ code }) => code))].flatMap((code) => {
      const path = failures.flatMap((failure) =>
        failure.code === code && 'path' in failure ? [failure.path] : [],
      );
      const [where = 'name'] = path;
      const message = `no example ever gives a value that can be sent (${code}). Mend the expression, or add an example.`;
      return [mapping.problemAt([...at, ...partsOf(where)], message)];
    });
  });
}

/** A parameter's name may have dots in it. */
function partsOf(path: string): readonly string[] {
  const parameter = /^event-params\.(.*)$/s.exec(path)?.[1];
  return parameter === undefined ? [path] : ['event-params', parameter];
}
