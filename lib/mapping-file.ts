import * as z from 'zod';
import { sourceSchema } from '../lambdas/ingest/source.ts';
import { explainSyntax } from '../lambdas/map/expression.ts';
import { isExpression, type Mapping, mappingSchema } from '../lambdas/map/mapping.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { type ConfigFile, type Problem, parseConfigFile } from './config-file.ts';

/** A mapping file: how its source is verified (ingest's part) and what becomes of its webhooks (map's part). */
const mappingFileSchema = z.strictObject({
  ...sourceSchema.omit({ eventTypes: true }).shape,
  events: mappingSchema.shape.events,
});

export type MappingFile = z.infer<typeof mappingFileSchema>;

/** Parses and checks one `mapping.yaml`; `folder` is the name of the folder it lies in. */
export function parseMappingFile(
  file: string,
  text: string,
  folder: string,
): Result<MappingFile, readonly Problem[]> {
  const parsed = parseConfigFile(file, text, mappingFileSchema);
  if (!parsed.ok) return parsed;
  const problems = [
    ...checkFolder(parsed.value, folder),
    ...checkNames(parsed.value),
    ...checkEventTypes(parsed.value),
    ...checkExpressions(parsed.value),
  ];
  return problems.length > 0 ? fail(problems) : succeed(parsed.value.value);
}

type Parsed = ConfigFile<MappingFile>;

function checkFolder({ value, problemAt }: Parsed, folder: string): readonly Problem[] {
  if (value.source === folder) return [];
  return [problemAt(['source'], `expected "${folder}", the name of the folder. Rename one of the two.`)];
}

function checkNames({ value, problemAt }: Parsed): readonly Problem[] {
  const names = value.events.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [problemAt(['events', index, 'name'], `"${name}" names an event above. Give each its own name.`)],
  );
}

/**
 * An event type may be mapped once. Two events of one webhook could end differently, one delivered and one to be
 * repeated, and without a ledger the repetition would send the first again.
 */
function checkEventTypes({ value, problemAt }: Parsed): readonly Problem[] {
  const taken = new Map<string, string>();
  return value.events.flatMap((event, index) =>
    event.on.flatMap((eventType) => {
      const by = taken.get(eventType);
      taken.set(eventType, by ?? event.name);
      if (by === undefined) return [];
      const where = by === event.name ? 'this event already' : `the event "${by}" already`;
      return [problemAt(['events', index, 'on'], `"${eventType}" is taken by ${where}. Map a type once.`)];
    }),
  );
}

function checkExpressions({ value, problemAt }: Parsed): readonly Problem[] {
  return value.events.flatMap((event, index) =>
    expressionsOf(event, index).flatMap(([path, text]) => {
      const problem = isExpression(text) ? explainSyntax(text) : undefined;
      return problem === undefined ? [] : [problemAt(path, problem)];
    }),
  );
}

function expressionsOf(
  event: Mapping['events'][number],
  index: number,
): readonly (readonly [path: readonly PropertyKey[], text: string])[] {
  const at = ['events', index];
  const params = Object.entries(event['event-params']);
  return [
    ...(event.when === undefined ? [] : [[[...at, 'when'], event.when] as const]),
    [[...at, 'event-key'], event['event-key']],
    ...params.map(([name, text]) => [[...at, 'event-params', name], text] as const),
  ];
}
