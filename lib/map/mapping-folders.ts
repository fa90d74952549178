import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Source } from '../../lambdas/ingest/source.ts';
import { fail, type Result, succeed } from '../../lambdas/result.ts';
import type { Problem } from '../config-file.ts';
import { mappedHeaders } from './mapped-headers.ts';
import { type MappingFile, parseMappingFile } from './mapping-file.ts';
import { resolveMapping } from './resolve-mapping.ts';

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
export function sourceOf(file: MappingFile): Source {
  const { source, secret, profile, events } = file;
  const eventTypes = [...new Set(events.flatMap(({ on }) => on))];
  // Which headers an expression reads does not depend on the stage.
  const headers = mappedHeaders(resolveMapping(file, ''));
  return { source, secret, profile, eventTypes, mappedHeaders: [...headers] };
}
