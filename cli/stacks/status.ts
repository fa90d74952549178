import { CloudFormationClient, paginateDescribeStacks } from '@aws-sdk/client-cloudformation';
import type { Command } from 'commander';
import { chooseStage } from '../../answers/dead-letters/preview.ts';
import {
  type AccountChoice,
  openAccount,
  PROJECT,
  type Project,
  projectOf,
  readMappings,
  stageNames,
} from '../../answers/project.ts';
import { readStatus, type StatusLine } from '../../answers/status.ts';
import { joinLines } from '../../lib/config/terminal.ts';
import { LOCAL_STAGE, stackNameOf } from '../../lib/stages/synthesize.ts';
import { type CommandResult, example, refuse, run, withAccount } from '../command-line.ts';

export function registerStageStatus(program: Command): void {
  const command = program
    .command('status')
    .description(
      'how an adapter stands, and what needs a person; without --stack and a local run, which stages are deployed',
    );
  withAccount(command)
    .addHelpText('after', example('status', 'status --stack webhook-adapter-dev'))
    .action((options) => run(() => showStatus(projectOf(PROJECT, options), options)));
}

type StatusOptions = AccountChoice & { readonly json?: boolean | undefined };

/** `adapter status`: one screen of an adapter. Ends with 1 if something needs a person. */
export async function showStatus(project: Project, options: StatusOptions): Promise<CommandResult> {
  const account = await openAccount(options);
  if (!account.ok)
    return options.stack === undefined ? showStages(project, options) : refuse(account.failure);
  const mappings = readMappings(project);
  const stage = chooseStage(project, account.value);
  const lines = await readStatus(account.value, {
    mappings: mappings.ok ? mappings.value : [],
    stage: stage.ok ? stage.value : '',
  });
  const exitCode = lines.some(({ todo }) => todo !== undefined) ? 1 : 0;
  if (options.json === true) return { text: JSON.stringify(lines, null, 2), exitCode };
  return { text: joinLines([account.value.stackName, ...lines.flatMap(formatLine)]), exitCode };
}

function formatLine({ part, state, todo }: StatusLine): readonly string[] {
  const mark = todo === undefined ? ' ' : '!';
  const line = `${mark} ${part.padEnd(14)}${state}`;
  return todo === undefined ? [line] : [line, `${' '.repeat(16)}to do: ${todo}`];
}

/** A stage and its stack: deployed, in CloudFormation's words, or not; a stack without a stage has no `stage`. */
type StageStatus = {
  readonly stage?: string;
  readonly stack: string;
  readonly deployed?: string;
  readonly isProtected?: boolean;
};

/**
 * Which stages are deployed. A stack whose stage was renamed or removed in `stages.yaml` runs on, and
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
