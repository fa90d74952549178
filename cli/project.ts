import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, type Result, succeed } from '../lambdas/result.ts';
import { formatProblems } from '../lib/config-file.ts';
import type { MappingFile } from '../lib/map/mapping-file.ts';
import { foldersOf, readFolder } from '../lib/map/mapping-folders.ts';
import { readStages } from '../lib/stages.ts';

/** Where a team's own files lie. */
export type Project = { readonly mappings: string; readonly stagesFile: string };

/** The repository that these commands belong to. */
export const PROJECT: Project = {
  mappings: fileURLToPath(new URL('../mappings', import.meta.url)),
  stagesFile: fileURLToPath(new URL('../stages.yaml', import.meta.url)),
};

/**
 * The project as one stage has it, with the mapping folders that `stages.yaml` gives to it: the stage that is named, that
 * of the stack, or the first. What is wrong in `stages.yaml` is told by whoever needs its names.
 */
export function projectOf(
  project: Project,
  { stage, stack }: { readonly stage?: string | undefined; readonly stack?: string | undefined },
): Project {
  const stages = readStages(project.stagesFile);
  if (!stages.ok) return project;
  const name = stage ?? stack?.replace(/^webhook-adapter-/, '') ?? Object.keys(stages.value)[0] ?? '';
  const { mappings } = stages.value[name] ?? {};
  return mappings === undefined
    ? project
    : { ...project, mappings: join(dirname(project.stagesFile), mappings) };
}

/** The names of the stages; fails with the problems of `stages.yaml`. */
export function stageNames({ stagesFile }: Project): Result<readonly string[], string> {
  const stages = readStages(stagesFile);
  return stages.ok ? succeed(Object.keys(stages.value)) : fail(formatProblems(stages.failure));
}

/** One mapping folder; fails with its problems, or with the names that there are. */
export function findMapping({ mappings }: Project, name: string): Result<MappingFile, string> {
  const folders = foldersOf(mappings);
  if (!folders.includes(name)) {
    return fail(`There is no mapping folder "${name}". There are: ${folders.join(', ')}.`);
  }
  const file = readFolder(join(mappings, name), name);
  return file.ok ? file : fail(formatProblems(file.failure));
}
