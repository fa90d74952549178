import { CloudFormationClient, paginateDescribeStacks } from '@aws-sdk/client-cloudformation';
import type { Command } from 'commander';
import { PROJECT, type Project, stageNames } from '../../answers/project.ts';
import { joinLines } from '../../lib/config/terminal.ts';
import { LOCAL_STAGE, stackNameOf } from '../../lib/stages/synthesize.ts';
import { type CommandResult, example, jsonOption, refuse, run } from '../command-line.ts';

export function registerStageStatus(program: Command): void {
  program
    .command('status')
    .description('show which stages of stages.yaml are deployed, and which stacks no stage names any more')
    .addOption(jsonOption())
    .addHelpText('after', example('status'))
    .action((options) => run(() => showStages(PROJECT, options)));
}

/** A stage and its stack: deployed, in CloudFormation's words, or not; a stack without a stage has no `stage`. */
type StageStatus = {
  readonly stage?: string;
  readonly stack: string;
  readonly deployed?: string;
  readonly isProtected?: boolean;
};

/**
 * `adapter status`: which stages are deployed. A stack whose stage was renamed or removed in `stages.yaml` runs on, and
 * `cdk destroy` does not find it: it ends with 1 and says how to be rid of it.
 */
export async function showStages(
  project: Project,
  { json }: { readonly json?: boolean | undefined },
): Promise<CommandResult> {
  const stages = stageNames(project);
  if (!stages.ok) return refuse(stages.failure);
  const deployed = await listStacks();
  const named = stages.value
    .filter((stage) => stage !== LOCAL_STAGE)
    .map((stage) => ({ stage, stack: stackNameOf(stage), ...deployed.get(stackNameOf(stage)) }));
  const stacks = new Set(named.map(({ stack }) => stack));
  const unnamed = [...deployed].flatMap(([stack, facts]) => (stacks.has(stack) ? [] : [{ stack, ...facts }]));
  const all: readonly StageStatus[] = [...named, ...unnamed];
  const exitCode = unnamed.length > 0 ? 1 : 0;
  if (json === true) return { text: JSON.stringify(all, null, 2), exitCode };
  const text = all.length === 0 ? 'stages.yaml has no stage to deploy.' : joinLines(all.flatMap(formatStage));
  return { text, exitCode };
}

/** The stacks of this account and region that are named as a stage's is, by their names. */
async function listStacks(): Promise<ReadonlyMap<string, Pick<StageStatus, 'deployed' | 'isProtected'>>> {
  const found = new Map<string, Pick<StageStatus, 'deployed' | 'isProtected'>>();
  for await (const { Stacks = [] } of paginateDescribeStacks({ client: new CloudFormationClient({}) }, {})) {
    for (const { StackName = '', StackStatus = '', EnableTerminationProtection = false } of Stacks) {
      if (!StackName.startsWith(stackNameOf(''))) continue;
      found.set(StackName, { deployed: StackStatus, isProtected: EnableTerminationProtection });
    }
  }
  return found;
}

function formatStage({
  stage,
  stack,
  deployed = 'not deployed',
  isProtected,
}: StageStatus): readonly string[] {
  const line = `${stack}  ${deployed}`;
  if (stage !== undefined) return [line];
  return [
    `${line}  no stage of stages.yaml is it: it runs on, and "cdk destroy" does not find it`,
    '  Put the stage back into stages.yaml to keep it. To be rid of it:',
    ...(isProtected === true
      ? [
          `  aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${stack}`,
        ]
      : []),
    `  aws cloudformation delete-stack --stack-name ${stack}`,
  ];
}
