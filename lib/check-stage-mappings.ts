import type { Problem } from './config-file.ts';
import { type CheckedFolders, checkMappingFolders } from './map/check-mapping-folders.ts';
import type { MappingFile } from './map/mapping-file.ts';

/** What the stages' folders hold, each folder checked once for all the stages that it is of. */
export type CheckedStages = {
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
