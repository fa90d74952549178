import type { Command } from 'commander';
import { PROJECT, type Project, projectOf, stageNames } from '../../answers/project.ts';
import { formatProblems } from '../../lib/config/file.ts';
import { checkStageMappings, isError } from '../../lib/mapping/folders.ts';
import { type CommandResult, example, formatCount, jsonOption, refuse, run } from '../command-line.ts';

export function registerValidate(program: Command): void {
  program
    .command('validate')
    .description('check all mapping folders and their examples, as a synth does')
    .addOption(jsonOption())
    .addHelpText('after', example('validate'))
    .action((options) => run(() => validate(PROJECT, options)));
}

/** `adapter validate`: the check that a synth makes, of the folders of all stages, and nothing else. */
export async function validate(
  project: Project,
  { json }: { readonly json?: boolean | undefined },
): Promise<CommandResult> {
  const stages = stageNames(project);
  if (!stages.ok) return refuse(stages.failure);
  const { mappings, problems } = await checkStageMappings(
    stages.value,
    (stage) => projectOf(project, { stage }).mappings,
  );
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
