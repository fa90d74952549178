import { checkStageMappings } from '../lib/check-stage-mappings.ts';
import { formatProblems } from '../lib/config-file.ts';
import { isError } from '../lib/map/check-mapping-folders.ts';
import type { CommandResult } from './command-line.ts';
import { type Project, projectOf, stageNames } from './project.ts';

/** `adapter validate`: the check that a synth makes, of the folders of all stages, and nothing else. */
export async function validate(
  project: Project,
  { json }: { readonly json?: boolean | undefined },
): Promise<CommandResult> {
  const stages = stageNames(project);
  if (!stages.ok) return { text: stages.failure, exitCode: 2 };
  const { mappings, problems } = await checkStageMappings(
    stages.value,
    (stage) => projectOf(project, { stage }).mappings,
  );
  const exitCode = problems.some(isError) ? 1 : 0;
  if (json === true) {
    const told = problems.map((problem) => ({ severity: 'error', ...problem }));
    return { text: JSON.stringify(told, null, 2), exitCode };
  }
  const events = mappings.reduce((sum, mapping) => sum + mapping.events.length, 0);
  const ok = `${mappings.length} mapping folders with ${events} events are in order.`;
  return { text: [formatProblems(problems), exitCode === 0 ? ok : ''].filter(Boolean).join('\n'), exitCode };
}
