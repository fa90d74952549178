import type * as z from 'zod';
import type { Profile } from '../../lambdas/ingest/source.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type ConfigFile, checkAgainst, type Finding, type Problem, readConfigFile } from '../config/file.ts';
import { checkEvents } from './checks/events.ts';
import { checkExpressions } from './checks/expressions.ts';
import { expressionsOf, headersIn } from './expressions.ts';
import { mappingFileSchema, type WrittenFile, type WrittenMapping } from './schema.ts';
import { resolveVerify } from './verify.ts';

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
export type MappingFile = WrittenMapping & {
  readonly secret: string;
  readonly profile: Profile;
  /** Tells of a problem at the line where the value at a path stands. */
  readonly problemAt: ConfigFile<unknown>['problemAt'];
};

/** A mapping file's folder, and the stages that it has to fit. */
type MappingFolder = { readonly folder: string; readonly stages?: readonly string[] | undefined };

/** Parses and checks one `mapping.yaml`: all that can be told without a webhook. */
export function parseMappingFile(
  file: string,
  text: string,
  { folder, stages }: MappingFolder,
): Result<MappingFile, readonly Problem[]> {
  const read = readConfigFile(file, text);
  if (!read.ok) return read;
  const { value: raw, problemAt } = read.value;
  const checked = checkAgainst(checkedSchema, raw);
  if (!checked.ok) return fail(formatAll(read.value, checked.failure, stages));

  const { verify, source, secret, let: definitions, defaults, events, ...beside } = checked.value;
  const profile = resolveVerify(verify, beside);
  const problems = [
    ...checkFolder({ value: checked.value, problemAt }, folder),
    ...(profile.ok ? checkSecretHeaders({ value: checked.value, problemAt }, profile.value) : []),
    ...(profile.ok ? [] : profile.failure.map(({ path, message }) => problemAt(path, message))),
    ...checkMeaning({ value: checked.value, problemAt }, stages),
  ];
  return profile.ok && problems.length === 0
    ? succeed({ source, secret, let: definitions, defaults, events, profile: profile.value, problemAt })
    : fail(inOrder(problems));
}

type Parsed = ConfigFile<WrittenFile>;

/** What is wrong by the schema, and what else is wrong in what is right by it. */
function formatAll(
  { value: raw, problemAt }: ConfigFile<unknown>,
  findings: readonly Finding[],
  stages: readonly string[] | undefined,
): readonly Problem[] {
  const problems = findings.map(({ path, message }) => problemAt(path, message));
  const salvaged = salvage(raw, mappingFileSchema, findings);
  if (salvaged === undefined) return inOrder(problems);
  const told = new Set(salvaged.replaced.map((path) => problemAt(path, '').path));
  const more = checkMeaning({ value: salvaged.value, problemAt }, stages).filter(
    ({ path }) => ![...told].some((other) => path === other || path.startsWith(`${other}.`)),
  );
  return inOrder([...problems, ...more]);
}

function checkMeaning(parsed: Parsed, stages: readonly string[] | undefined): readonly Problem[] {
  return [...checkEvents(parsed, stages), ...checkExpressions(parsed)];
}

/** Headers that prove who sent a webhook stay at ingest. */
function checkSecretHeaders({ value, problemAt }: Parsed, { signature }: Profile): readonly Problem[] {
  const own = 'signature' in signature ? [signature.signature.header.toLowerCase()] : [];
  const shared =
    'sharedSecret' in signature && 'name' in signature.sharedSecret ? signature.sharedSecret.name : '';
  const secret = ['authorization', 'cookie', ...own, shared.toLowerCase()];
  return expressionsOf(value).flatMap(({ path, text }) =>
    headersIn(text).flatMap((name) =>
      secret.includes(name.toLowerCase())
        ? [
            problemAt(
              path,
              `the header ${name} is a secret or a signature, and is not passed on. Use another.`,
            ),
          ]
        : [],
    ),
  );
}

/** As a person reads the file. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  );
}

function checkFolder({ value, problemAt }: Parsed, folder: string): readonly Problem[] {
  if (value.source === folder) return [];
  return [problemAt(['source'], `expected "${folder}", the name of the folder. Rename one of the two.`)];
}

/** What stands in the place of a value that has to be there and is wrong, by the key that it has. */
const PLACEHOLDERS: Readonly<Record<string, unknown>> = {
  source: 'placeholder',
  secret: 'placeholder',
  verify: 'stripe',
  name: 'placeholder',
  on: 'placeholder',
  'event-id': 'placeholder',
  'event-key': 'placeholder',
  kind: 'text',
  value: 'placeholder',
};

/** A wrong value may hide another one; more rounds than nested wrongs are not needed. */
const ROUNDS = 4;

/** A value that fits its schema, and the paths of what had to be left out or replaced for that. */
type Salvaged<Value> = { readonly value: Value; readonly replaced: readonly (readonly PropertyKey[])[] };

/**
 * Makes the best of a value that does not fit its schema, so that what is right in it can be checked further and all
 * problems are told at once. Gives `undefined` where too little is left.
 */
function salvage<Value>(
  raw: unknown,
  schema: z.ZodType<Value>,
  findings: readonly Finding[],
): Salvaged<Value> | undefined {
  const value = structuredClone(raw);
  const replaced: (readonly PropertyKey[])[] = [];
  let wrong = findings;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { path } of wrong) {
      if (!replace(value, path)) return undefined;
      replaced.push(path);
    }
    const checked = checkAgainst(schema, value);
    if (checked.ok) return { value: checked.value, replaced };
    wrong = checked.failure;
  }
  return undefined;
}

/** Takes a value out, or puts another in where there was none; says whether that could be done. */
function replace(root: unknown, path: readonly PropertyKey[]): boolean {
  const key = path.at(-1);
  const parent = path.slice(0, -1).reduce<unknown>((value, part) => memberOf(value, part), root);
  if (key === undefined || typeof parent !== 'object' || parent === null) return false;
  const members = parent as Record<PropertyKey, unknown>;
  const placeholder = PLACEHOLDERS[String(key)];
  if (placeholder !== undefined) members[key] = placeholder;
  else if (Array.isArray(parent)) members[key] = 'placeholder';
  else if (Object.hasOwn(members, key)) delete members[key];
  else return false;
  return true;
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<PropertyKey, unknown>>)[key]
    : undefined;
}
