import { nearestName, type Problem } from '../../config/file.ts';
import { expressionsOf, type LocatedText } from '../expressions.ts';
import type { MappingFile } from '../file.ts';
import { parseExpression, readPaths } from '../syntax-tree.ts';
import { findDoubts } from './doubts.ts';
import { type ExampleRun, mappedBy } from './example.ts';
import { collectPaths, type Known, type KnownPaths } from './known-paths.ts';

/** Finds what no example of a mapping has, events that none becomes and paths that none has, and what is probably a mistake. */
export async function checkCoverage(
  mapping: MappingFile,
  runs: readonly ExampleRun[],
): Promise<readonly Problem[]> {
  const known = await collectPaths(mapping, runs);
  return [...checkEvents(mapping, runs), ...checkPaths(mapping, known), ...findDoubts(mapping, known)];
}

/** Events that no example ever becomes, so that no webhook would: a mistake in the mapping, or a missing example. */
function checkEvents(mapping: MappingFile, runs: readonly ExampleRun[]): readonly Problem[] {
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
    // Every example ends in a rejection; the first says where.
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

/** Warns of paths that no example has: most are misspelt, and JSONata takes them for missing values. */
function checkPaths(mapping: MappingFile, known: KnownPaths): readonly Problem[] {
  return expressionsOf(mapping).flatMap((expression) =>
    findMissing(mapping, expression, known.of(expression.event)),
  );
}

function findMissing(mapping: MappingFile, { path, text }: LocatedText, known: Known): readonly Problem[] {
  const parsed = parseExpression(text);
  if ('problem' in parsed) return [];
  const missing = readPaths(parsed.ast).filter(({ from, names }) => {
    return known[from].all.size > 0 && !known[from].all.has(names.join('.'));
  });
  const reported = new Set<string>();
  return missing.flatMap(({ from, names }) => {
    const written = names.join('.');
    if (reported.has(written)) return [];
    reported.add(written);
    const nearest = nearestName(written, [...known[from].all]);
    const advice =
      nearest === undefined
        ? 'Check its spelling, or add an example that has it.'
        : `Did you mean ${nearest}?`;
    const message = `no example has ${from === 'item' ? '$item.' : ''}${written}. ${advice}`;
    return [{ ...mapping.problemAt(path, message), severity: 'warning' as const }];
  });
}
