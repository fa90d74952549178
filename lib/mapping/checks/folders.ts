import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Problem } from '../../config/file.ts';
import {
  checkExpectation,
  type Example,
  type ExampleRun,
  mappedBy,
  parseExample,
  runExample,
} from '../examples/example.ts';
import type { MappingFile } from '../file.ts';
import { checkAnyFolder, foldersOf, readFolder } from '../folders.ts';
import { checkPaths } from './paths.ts';

/** The mapping folders that are in order, and all that is to be said of all of them. */
type CheckedFolders = {
  readonly mappings: readonly MappingFile[];
  readonly problems: readonly Problem[];
};

/**
 * Checks every mapping folder, its examples included: the one check that `cdk synth`, `npm start`, `npm test` and
 * `adapter validate` share. Nothing may be deployed while there is a problem that is not a warning.
 */
export async function checkMappingFolders(
  directory: string,
  stages: readonly string[],
): Promise<CheckedFolders> {
  const folders = foldersOf(directory);
  const checked = await Promise.all(
    folders.map((folder) => checkFolder(join(directory, folder), folder, stages)),
  );
  return {
    mappings: checked.flatMap(({ mappings }) => mappings),
    problems: [...checkAnyFolder(directory, folders), ...checked.flatMap(({ problems }) => problems)],
  };
}

/** Whether a problem keeps a mapping from being deployed. */
export function isError({ severity }: Problem): boolean {
  return severity !== 'warning';
}

async function checkFolder(path: string, folder: string, stages: readonly string[]): Promise<CheckedFolders> {
  const file = readFolder(path, folder, stages);
  const examples = readExamples(path, folder);
  if (!file.ok) return { mappings: [], problems: [...file.failure, ...examples.problems] };
  const mapping = file.value;
  const runs = await Promise.all(
    examples.examples.map((example) => runExample(mapping, example, stages[0] ?? '')),
  );
  const problems = [
    ...checkCoverage(mapping, runs),
    ...(await checkPaths(mapping, runs, (eventType) => publishedPaths(mapping.source, eventType))),
    ...examples.problems,
    ...runs.flatMap(checkExpectation),
  ];
  return { mappings: [mapping], problems };
}

/** The examples of a mapping folder, by their file names, and what is wrong in them. */
export function readExamples(
  path: string,
  folder: string,
): { readonly examples: readonly Example[]; readonly problems: readonly Problem[] } {
  const directory = join(path, 'examples');
  const files = existsSync(directory)
    ? readdirSync(directory)
        .filter((file) => /\.(ya?ml|json)$/.test(file))
        .sort()
    : [];
  const parsed = files.map((file) => {
    const whole = join(directory, file);
    return parseExample(`${folder}/${file.replace(/\.\w+$/, '')}`, whole, relative(process.cwd(), whole));
  });
  return {
    examples: parsed.flatMap((one) => (one.ok ? [one.value] : [])),
    problems: parsed.flatMap((one) => (one.ok ? [] : one.failure)),
  };
}

/** What no example ever gives, so that no webhook would: each is a mistake in the mapping, or a missing example. */
function checkCoverage(mapping: MappingFile, runs: readonly ExampleRun[]): readonly Problem[] {
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

/** What the stages' folders hold, each folder checked once for all the stages that it is of. */
type CheckedStages = {
  readonly mappings: readonly MappingFile[];
  readonly problems: readonly Problem[];
  readonly mappingsOf: (stage: string) => readonly MappingFile[];
};

/** Checks the mapping folders of all stages. @param folderOf the directory with the mapping folders of a stage */
export async function checkStageMappings(
  stages: readonly string[],
  folderOf: (stage: string) => string,
): Promise<CheckedStages> {
  const checked = new Map<string, CheckedFolders>();
  for (const [folder, names] of Map.groupBy(stages, folderOf)) {
    checked.set(folder, await checkMappingFolders(folder, names));
  }
  const all = [...checked.values()];
  return {
    mappings: all.flatMap(({ mappings }) => mappings),
    problems: all.flatMap(({ problems }) => problems),
    mappingsOf: (name) => checked.get(folderOf(name))?.mappings ?? [],
  };
}

/** The folder beside this file in which the package has what it needs of `shopify-webhook-schemas`. */
export const BUILT_SCHEMAS = 'shopify-schemas';

const NONE: ReadonlySet<string> = new Set();

/**
 * The paths that a vendor's webhooks of a type can have, by a schema that somebody publishes: Shopify's, inferred from
 * its documentation by the npm package `shopify-webhook-schemas`. Stripe's package has types but no schema.
 */
function publishedPaths(source: string, eventType: string): ReadonlySet<string> {
  if (source !== 'shopify' || !/^[a-z_]+\/[a-z_]+$/.test(eventType)) return NONE;
  const built = fileURLToPath(new URL(BUILT_SCHEMAS, import.meta.url));
  const directory = existsSync(built) ? built : newestShopifySchemas();
  const file = directory === undefined ? '' : join(directory, `${eventType}.json`);
  return existsSync(file) ? propertyPaths(JSON.parse(readFileSync(file, 'utf8'))) : NONE;
}

/** The newest version that is there. The package itself reads all of them into memory, and is not asked for that. */
export function newestShopifySchemas(): string | undefined {
  const require = createRequire(import.meta.url);
  const root = join(dirname(require.resolve('shopify-webhook-schemas/package.json')), 'schemas');
  const newest = readdirSync(root)
    .filter((version) => /^\d{4}-\d{2}$/.test(version))
    .sort()
    .at(-1);
  return newest === undefined ? undefined : join(root, newest);
}

/** Every path of member names that a JSON Schema knows, lists on the way left out. */
function propertyPaths(schema: unknown): ReadonlySet<string> {
  return new Set(pathsBelow(schema, ''));
}

function pathsBelow(schema: unknown, path: string): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {}, items, anyOf = [], oneOf = [] } = schema as Readonly<Record<string, object>>;
  const variants = [items, anyOf, oneOf].flat().flatMap((inner) => pathsBelow(inner, path));
  const members = Object.entries(properties).flatMap(([name, member]) => {
    const inner = path === '' ? name : `${path}.${name}`;
    return [inner, ...pathsBelow(member, inner)];
  });
  return [...variants, ...members];
}
