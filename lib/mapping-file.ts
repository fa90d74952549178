import * as z from 'zod';
import type { Profile } from '../lambdas/ingest/profile.ts';
import { sourceSchema } from '../lambdas/ingest/source.ts';
import { explainSyntax } from '../lambdas/map/expression.ts';
import { isExpression, type Mapping, mappingSchema } from '../lambdas/map/mapping.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { type ConfigFile, type Problem, parseConfigFile } from './config-file.ts';
import { resolveVerify } from './verify-setting.ts';

/** A mapping file as a person writes it. What concerns verification is checked apart, with the profile it names. */
const mappingFileSchema = z.strictObject({
  ...sourceSchema.pick({ source: true, secret: true }).shape,
  verify: z.unknown().superRefine(checkVerify),
  'event-type': z.unknown().optional(),
  'deduplication-id': z.unknown().optional(),
  handshakes: z.unknown().optional(),
  acknowledge: z.unknown().optional(),
  events: mappingSchema.shape.events,
});

/** Checked where it stands, so that its problems are told together with all others. Any event type does for that. */
function checkVerify(verify: unknown, context: z.core.$RefinementCtx): void {
  const profile = verify === undefined ? MISSING : resolveVerify(verify, { 'event-type': { body: '/type' } });
  for (const { path, message } of profile.ok ? [] : profile.failure) {
    context.addIssue({ code: 'custom', path: path.slice(1), message });
  }
}

const MISSING = fail([{ path: ['verify'], message: 'is missing. Add it.' }]);

type WrittenFile = z.infer<typeof mappingFileSchema>;

/** A mapping file: how its source is verified (ingest's part) and what becomes of its webhooks (map's part). */
export type MappingFile = Pick<WrittenFile, 'source' | 'secret' | 'events'> & { readonly profile: Profile };

/** Parses and checks one `mapping.yaml`; `folder` is the name of the folder it lies in. */
export function parseMappingFile(
  file: string,
  text: string,
  folder: string,
): Result<MappingFile, readonly Problem[]> {
  const parsed = parseConfigFile(file, text, mappingFileSchema);
  if (!parsed.ok) return parsed;
  const { value, problemAt } = parsed.value;
  const { verify, source, secret, events, ...beside } = value;
  const profile = resolveVerify(verify, beside);
  const problems = [
    ...checkFolder(parsed.value, folder),
    ...(profile.ok ? [] : profile.failure.map(({ path, message }) => problemAt(path, message))),
    ...checkNames(parsed.value),
    ...checkEventTypes(parsed.value),
    ...checkExpressions(parsed.value),
  ];
  return profile.ok && problems.length === 0
    ? succeed({ source, secret, events, profile: profile.value })
    : fail(problems);
}

type Parsed = ConfigFile<WrittenFile>;

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
    ...(event.items === undefined ? [] : [[[...at, 'items'], event.items] as const]),
    ...(event.when === undefined ? [] : [[[...at, 'when'], event.when] as const]),
    [[...at, 'event-key'], event['event-key']],
    ...params.map(([name, text]) => [[...at, 'event-params', name], text] as const),
  ];
}
