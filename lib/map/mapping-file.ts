import type * as z from 'zod';
import type { Profile } from '../../lambdas/ingest/profile.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type ConfigFile, type Problem, parseConfigFile } from '../config-file.ts';
import { resolveVerify } from '../verify-setting.ts';
import { expressionsOf } from './expressions-of.ts';
import { parseExpression } from './jsonata-syntax.ts';
import { mappingFileSchema, type WrittenFile } from './mapping-file-schema.ts';
import type { WrittenMapping } from './resolve-mapping.ts';

/** The file with what concerns verification checked where it stands, so that all problems are told together. */
const checkedSchema = mappingFileSchema.extend({
  verify: mappingFileSchema.shape.verify.superRefine(checkVerify),
});

/** Any event type does here: whether there is one is checked with the rest of the profile. */
function checkVerify(verify: unknown, context: z.core.$RefinementCtx): void {
  const profile = verify === undefined ? MISSING : resolveVerify(verify, { 'event-type': { body: '/type' } });
  for (const { path, message } of profile.ok ? [] : profile.failure) {
    context.addIssue({ code: 'custom', path: path.slice(1), message });
  }
}

const MISSING = fail([{ path: ['verify'], message: 'is missing. Add it.' }]);

/** A mapping file: how its source is verified (ingest's part) and what becomes of its webhooks (map's part). */
export type MappingFile = WrittenMapping & { readonly secret: string; readonly profile: Profile };

/** Parses and checks one `mapping.yaml`; `folder` is the name of the folder it lies in. */
export function parseMappingFile(
  file: string,
  text: string,
  folder: string,
): Result<MappingFile, readonly Problem[]> {
  const parsed = parseConfigFile(file, text, checkedSchema);
  if (!parsed.ok) return parsed;
  const { value, problemAt } = parsed.value;
  const { verify, source, secret, let: definitions, defaults, events, ...beside } = value;
  const profile = resolveVerify(verify, beside);
  const problems = [
    ...checkFolder(parsed.value, folder),
    ...(profile.ok ? [] : profile.failure.map(({ path, message }) => problemAt(path, message))),
    ...checkNames(parsed.value),
    ...checkExpressions(parsed.value),
  ];
  return profile.ok && problems.length === 0
    ? succeed({ source, secret, let: definitions, defaults, events, profile: profile.value })
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

function checkExpressions({ value, problemAt }: Parsed): readonly Problem[] {
  return expressionsOf(value).flatMap(({ path, text }) => {
    const parsed = parseExpression(text);
    return 'problem' in parsed ? [problemAt(path, parsed.problem)] : [];
  });
}
