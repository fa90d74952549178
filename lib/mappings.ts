import { formatProblems, type Problem } from './config/file.ts';
import { refuseOldNode } from './config/terminal.ts';
import type { MappingFile } from './mapping/file.ts';
import { checkMappingFolders, isError, readMappingFolders, stagesNamedIn } from './mapping/folders.ts';

export type { MappingFile } from './mapping/file.ts';

export type ReadMappingsOptions = {
  /**
   * The stages that event ids have to be there for, where an event has one per stage.
   * @default those that the mapping files and event definitions name
   */
  readonly stages?: readonly string[] | undefined;
};

/**
 * Reads a folder of mapping folders, `<directory>/<source>/mapping.yaml`, for the construct's `mappings`, with the event
 * definitions of `webex-events.yaml` beside the folder, where there is that file. Throws an error with all problems of all
 * files, each with file, line and what to do. Constructs cannot wait, so examples are not run: `checkMappings` does that, and
 * `npx webhook-adapter validate`.
 * @param directory as `cdk` sees it: from the folder that has `cdk.json`
 */
export function readMappings(directory: string, options: ReadMappingsOptions = {}): readonly MappingFile[] {
  refuseOldNode();
  const read = readMappingFolders(directory, options.stages ?? stagesNamedIn(directory));
  if (!read.ok) throw mappingError(read.failure);
  return read.value;
}

/** Reads mapping folders as `readMappings` does, and runs the examples of every mapping. */
export async function checkMappings(
  directory: string,
  options: ReadMappingsOptions = {},
): Promise<readonly MappingFile[]> {
  refuseOldNode();
  const { mappings, problems } = await checkMappingFolders(
    directory,
    options.stages ?? stagesNamedIn(directory),
  );
  if (problems.some(isError)) throw mappingError(problems.filter(isError));
  return mappings;
}

function mappingError(problems: readonly Problem[]): Error {
  return new Error(`The mappings have problems:\n${formatProblems(problems)}`);
}
