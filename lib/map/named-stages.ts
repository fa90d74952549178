import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readConfigFile } from '../config-file.ts';
import { foldersOf, MAPPING_FILE } from './mapping-folders.ts';

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
