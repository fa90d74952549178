import { relative } from 'node:path';
import type { Command } from 'commander';
import {
  contractFileOf,
  PROJECT,
  type Project,
  projectOf,
  stageNames,
  stagesForTrial,
} from '../../answers/project.ts';
import { type Result, succeed } from '../../lambdas/result.ts';
import { formatProblems, type Problem } from '../../lib/config/file.ts';
import type { MappingFile } from '../../lib/mapping/file.ts';
import { checkStageMappings, isError, warnOfVanished } from '../../lib/mapping/folders.ts';
import { type CommandResult, example, formatCount, jsonOption, refuse, run } from '../command-line.ts';
import { readBaseNames } from './base-mappings.ts';

export function registerValidate(program: Command): void {
  program
    .command('validate')
    .description('check all mapping folders and their examples, as a synth does')
    .option(
      '--base <ref>',
      'warn of names that were in this git ref, or directory of mapping folders, and are gone',
    )
    .addOption(jsonOption())
    .addHelpText('after', example('validate', 'validate --base main'))
    .action((options) => run(() => validate(PROJECT, options)));
}

/** `adapter validate`: the check that a synth makes, of the folders of all stages, and nothing else. */
export async function validate(
  project: Project,
  { json, base }: { readonly json?: boolean | undefined; readonly base?: string | undefined },
): Promise<CommandResult> {
  const stages = stageNames(project);
  if (!stages.ok) return refuse(stages.failure);
  const folderOf = (stage: string) => projectOf(project, { stage }).mappings;
  const { mappings, problems: found } = await checkStageMappings(stages.value, folderOf, {
    contractFile: contractFileOf(project),
    today: new Date(),
    placeholders: stagesForTrial(project),
  });
  const vanished =
    base === undefined ? succeed([]) : findVanished(base, stages.value.map(folderOf), mappings);
  if (!vanished.ok) return refuse(vanished.failure);
  const problems = [...found, ...vanished.value];
  const exitCode = problems.some(isError) ? 1 : 0;
  if (json === true) {
    const all = problems.map((problem) => ({ severity: 'error', ...problem }));
    return { text: JSON.stringify(all, null, 2), exitCode };
  }
  const events = mappings.reduce((sum, mapping) => sum + mapping.events.length, 0);
  const counts = `${formatCount(mappings.length, 'mapping folder')} with ${formatCount(events, 'event')}`;
  const ok = `${counts} ${mappings.length === 1 ? 'is' : 'are'} in order.`;
  return { text: [formatProblems(problems), exitCode === 0 ? ok : ''].filter(Boolean).join('\n'), exitCode };
}

/** Names that were in an earlier state of the stages' folders, and are in none of today's. */
function findVanished(
  base: string,
  directories: readonly string[],
  mappings: readonly MappingFile[],
): Result<readonly Problem[], string> {
  const problems: Problem[] = [];
  for (const directory of new Set(directories)) {
    const earlier = readBaseNames(directory, base);
    if (!earlier.ok) return earlier;
    const shown = relative(process.cwd(), directory) || '.';
    problems.push(...warnOfVanished(earlier.value, mappings, { base, directory: shown }));
  }
  return succeed(problems);
}
