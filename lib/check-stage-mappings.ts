import type { Problem } from './config-file.ts';
import { type CheckedFolders, checkMappingFolders } from './map/check-mapping-folders.ts';
import type { MappingFile } from './map/mapping-file.ts';
import type { Stage } from './stage-schema.ts';

/** What the stages' folders hold, each folder checked once for all the stages that it is of. */
export type CheckedStages = {
  readonly problems: readonly Problem[];
  readonly mappingsOf: (stage: string) => readonly MappingFile[];
};

/** Checks the mapping folders of all stages. @param folderOf the directory with a stage's mapping folders */
export async function checkStageMappings(
  stages: Readonly<Record<string, Stage>>,
  folderOf: (stage: Stage) => string,
): Promise<CheckedStages> {
  const byFolder = Map.groupBy(Object.entries(stages), ([, stage]) => folderOf(stage));
  const checked = new Map<string, CheckedFolders>();
  for (const [folder, users] of byFolder) {
    const names = users.map(([name]) => name);
    checked.set(folder, await checkMappingFolders(folder, names));
  }
  return {
    problems: [...checked.values()].flatMap(({ problems }) => problems),
    mappingsOf: (name) => {
      const stage = stages[name];
      return (stage && checked.get(folderOf(stage))?.mappings) ?? [];
    },
  };
}
