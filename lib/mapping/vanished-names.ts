import type { Problem } from '../config/file.ts';
import type { MappingFile } from './file.ts';

/** A source of an earlier state of the mappings, and the names of its events. */
export type NamedSource = { readonly source: string; readonly events: readonly string[] };

/**
 * Warns of names that earlier mappings had and today's do not have, not even in `formerly`: what the ledger knows under them
 * is not found any more.
 * @param base what the earlier state is called
 */
export function warnOfVanished(
  earlier: readonly NamedSource[],
  mappings: readonly MappingFile[],
  { base, directory }: { readonly base: string; readonly directory: string },
): readonly Problem[] {
  return earlier.flatMap(({ source, events }) => {
    const now = mappings.find((one) => one.source === source || one.formerly?.includes(source));
    if (now === undefined) return [warning({ file: directory, path: '' }, explainSource(source, base))];
    const names = now.events.flatMap(({ name, formerly = [] }) => [name, ...formerly]);
    const place = now.problemAt(['events'], '');
    return events
      .filter((name) => !names.includes(name))
      .map((name) => warning(place, explainEvent(name, base)));
  });
}

function warning(place: Omit<Problem, 'message'>, message: string): Problem {
  return { ...place, message, severity: 'warning' };
}

function explainEvent(name: string, base: string): string {
  return (
    `"${name}" is an event in ${base}, and is gone here. If it has another name now, add "formerly: [${name}]" to it: ` +
    'else a webhook that is repeated is sent again. If it was removed, what waits of it becomes a dead letter (no-mapping).'
  );
}

function explainSource(source: string, base: string): string {
  return (
    `"${source}" is a source in ${base}, and is gone here. If its folder has another name now, add "formerly: [${source}]" ` +
    'at the top of its mapping.yaml, and leave "secret" as it was: webhooks to the old URL are still taken. ' +
    'If it was removed, its URL answers 404, and what waits of it becomes a dead letter (no-mapping).'
  );
}
