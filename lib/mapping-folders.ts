import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Source } from '../lambdas/ingest/source.ts';
import type { Mapping } from '../lambdas/map/mapping.ts';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import type { Problem } from './config-file.ts';
import { type MappingFile, parseMappingFile } from './mapping-file.ts';

const MAPPING_FILE = 'mapping.yaml';

/** Reads and checks every `<directory>/<source>/mapping.yaml`; all problems of all files are reported at once. */
export function readMappingFolders(directory: string): Result<readonly MappingFile[], readonly Problem[]> {
  const folders = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const files = folders.map((folder) => readFolder(join(directory, folder), folder));
  const problems = files.flatMap((file) => (file.ok ? [] : file.failure));
  return problems.length > 0
    ? fail(problems)
    : succeed(files.flatMap((file) => (file.ok ? [file.value] : [])));
}

function readFolder(path: string, folder: string): Result<MappingFile, readonly Problem[]> {
  const file = join(path, MAPPING_FILE);
  const shown = relative(process.cwd(), file);
  if (existsSync(file)) return parseMappingFile(shown, readFileSync(file, 'utf8'), folder);
  return fail([{ file: shown, line: 1, column: 1, path: '', message: `is missing. Add a ${MAPPING_FILE}.` }]);
}

/** Ingest's part of a mapping file. */
export function sourceOf({ source, secret, profile, events }: MappingFile): Source {
  return { source, secret, profile, eventTypes: events.flatMap(({ on }) => on) };
}

/** Map's part of a mapping file. */
export function mappingOf({ source, events }: MappingFile): Mapping {
  return { source, events };
}
