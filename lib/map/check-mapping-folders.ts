import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Problem } from '../config-file.ts';
import { checkCoverage } from './check-coverage.ts';
import { checkPaths } from './check-paths.ts';
import { type Example, parseExample } from './example-file.ts';
import type { MappingFile } from './mapping-file.ts';
import { checkAnyFolder, foldersOf, readFolder } from './mapping-folders.ts';
import { publishedPaths } from './published-schemas.ts';
import { checkExpectation, runExample } from './run-example.ts';

/** The mapping folders that are in order, and all that is to be said of all of them. */
export type CheckedFolders = {
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
