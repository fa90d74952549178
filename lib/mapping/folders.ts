import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as z from 'zod';
import type { Source } from '../../lambdas/ingest/source.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import { type Problem, readConfigFile } from '../config/file.ts';
import { mappedHeaders } from './expressions.ts';
import { type MappingFile, parseMappingFile } from './file.ts';
import { resolveMapping } from './schema.ts';

/** The file that makes a folder a mapping folder. */
const MAPPING_FILE = 'mapping.yaml';

/**
 * Reads and checks every `<directory>/<source>/mapping.yaml`; all problems of all files are reported at once. What can
 * be told only with webhooks is left to `checkMappingFolders`.
 * @param stages the stages that event ids have to be there for; not looked at where none are given
 */
export function readMappingFolders(
  directory: string,
  stages?: readonly string[],
): Result<readonly MappingFile[], readonly Problem[]> {
  const folders = foldersOf(directory);
  const files = folders.map((folder) => readFolder(join(directory, folder), folder, stages));
  const problems = [
    ...checkAnyFolder(directory, folders),
    ...files.flatMap((file) => (file.ok ? [] : file.failure)),
  ];
  return problems.length > 0
    ? fail(problems)
    : succeed(files.flatMap((file) => (file.ok ? [file.value] : [])));
}

/** The names of the mapping folders, sorted; none where the directory is not there. */
export function foldersOf(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Without any mapping there is nothing to deploy: most likely it was looked for in the wrong place. */
export function checkAnyFolder(directory: string, folders: readonly string[]): readonly Problem[] {
  if (folders.length > 0) return [];
  const file = relative(process.cwd(), directory) || '.';
  const message = existsSync(directory)
    ? 'has no mapping folder'
    : `is not there, seen from ${process.cwd()}`;
  return [{ file, path: '', message: `${message}. Add one: ${join(file, '<source>', MAPPING_FILE)}` }];
}

/** Reads and checks one mapping folder. */
export function readFolder(
  path: string,
  folder: string,
  stages?: readonly string[],
): Result<MappingFile, readonly Problem[]> {
  const file = join(path, MAPPING_FILE);
  const shown = relative(process.cwd(), file);
  if (existsSync(file)) return parseMappingFile(shown, readFileSync(file, 'utf8'), { folder, stages });
  return fail([{ file: shown, line: 1, column: 1, path: '', message: `is missing. Add a ${MAPPING_FILE}.` }]);
}

/** Ingest's part of a mapping file. */
export function sourceOf(file: MappingFile): Source {
  const { source, secret, profile, events } = file;
  const eventTypes = [...new Set(events.flatMap(({ on }) => on))];
  // Which headers an expression reads does not depend on the stage.
  const headers = mappedHeaders(resolveMapping(file, ''));
  return { source, secret, profile, eventTypes, mappedHeaders: [...headers] };
}

/** No more of a mapping file than this is looked at: what else is wrong in it is told by its check. */
const eventIdsSchema = z.object({
  events: z.array(
    z.object({ 'event-id': z.record(z.string(), z.unknown()).catch({}) }).catch({ 'event-id': {} }),
  ),
});

/** The stages that the mapping files name, where events have an id per stage, in the order in which they come. */
export function stagesNamedIn(directory: string): readonly string[] {
  const files = foldersOf(directory).map((folder) => join(directory, folder, MAPPING_FILE));
  return [...new Set(files.flatMap(stagesOfFile))];
}

function stagesOfFile(file: string): readonly string[] {
  const read = existsSync(file) ? readConfigFile(file, readFileSync(file, 'utf8')) : undefined;
  const parsed = eventIdsSchema.safeParse(read?.ok ? read.value.value : undefined);
  return (parsed.data?.events ?? []).flatMap((event) => Object.keys(event['event-id']));
}
