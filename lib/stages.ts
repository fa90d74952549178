import { join, resolve } from 'node:path';
import type { App } from 'aws-cdk-lib';
import type { Result } from '../lambdas/result.ts';
import { formatProblems, type Problem } from './config/file.ts';
import { print, refuseOldNode } from './config/terminal.ts';
import { checkStageMappings, isError } from './mapping/folders.ts';
import { stackPropsOf } from './stages/settings.ts';
import { readStages, selectStages, stagesWithPlaceholders } from './stages/stages.ts';
import { stackNameOf } from './stages/synthesize.ts';
import { WebhookAdapterStack } from './webhook-adapter-stack.ts';

/**
 * Adds a stack for each stage of `stages.yaml` to the app, with the mapping folders of the stage: `webhook-adapter-<stage>`. The
 * context value `stage` selects one. All files are those of the working directory, which is the folder of `cdk.json`. Reports
 * all problems of stages, mappings and examples, and ends the process where one of them is an error: nothing deploys with it.
 */
export async function addStages(app: App): Promise<void> {
  refuseOldNode();
  const stages = orExit(readStages(resolve('stages.yaml')));
  const selected = orExit(
    selectStages(stages, {
      stage: app.node.tryGetContext('stage'),
      'event-url': app.node.tryGetContext('event-url'),
      local: app.node.tryGetContext('local'),
    }),
  );
  const given: unknown = app.node.tryGetContext('mappings');
  const checked = await checkStageMappings(
    Object.keys(stages),
    (name) => resolve(typeof given === 'string' ? given : (stages[name]?.mappings ?? 'mappings')),
    {
      contractFile: resolve(typeof given === 'string' ? join(given, '..') : '', 'webex-events.yaml'),
      today: new Date(),
      placeholders: stagesWithPlaceholders(stages),
      selected: Object.keys(selected),
    },
  );
  report(checked.problems.filter(({ severity }) => severity !== 'hint'));
  if (checked.problems.some(isError)) process.exit(1);

  if (Object.keys(selected).length === 0)
    print(
      'stages.yaml has no stage to deploy: "local" is that of "npm start". Add one, "dev:".',
      process.stderr,
    );

  for (const [name, stage] of Object.entries(selected)) {
    const mappings = checked.mappingsOf(name);
    orExplain(
      () => new WebhookAdapterStack(app, stackNameOf(name), { ...stackPropsOf(name, stage), mappings }),
    );
  }
  // The App does it as the last thing of the process, and its errors would be stack traces.
  process.prependOnceListener('beforeExit', () => orExplain(() => app.synth()));
}

/** Ends the synth with the sentence of an error that a person can mend; a stack trace is for bugs. */
function orExplain(build: () => unknown): void {
  try {
    build();
  } catch (error) {
    if (!(error instanceof Error) || !/^(Error|\w*Validation\w*)$/.test(error.name)) throw error;
    print(error.message, process.stderr);
    process.exit(1);
  }
}

function orExit<Value>(result: Result<Value, readonly Problem[]>): Value {
  if (result.ok) return result.value;
  report(result.failure);
  process.exit(1);
}

function report(problems: readonly Problem[]): void {
  if (problems.length > 0) print(formatProblems(problems), process.stderr);
}
