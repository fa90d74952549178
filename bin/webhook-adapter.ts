import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import type { Result } from '../lambdas/result.ts';
import { formatProblems, type Problem } from '../lib/config/file.ts';
import { print } from '../lib/config/print.ts';
import { checkStageMappings, isError } from '../lib/mapping/folders.ts';
import { stackPropsOf } from '../lib/stages/settings.ts';
import { readStages, selectStages, stagesWithPlaceholders } from '../lib/stages/stages.ts';
import { stackNameOf } from '../lib/stages/synthesize.ts';
import { WebhookAdapterStack } from '../lib/webhook-adapter-stack.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const atRoot = (path: string) => join(ROOT, path);

const app = new App();
const stages = orExit(readStages(atRoot('stages.yaml')));
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
  (name) => (typeof given === 'string' ? given : atRoot(stages[name]?.mappings ?? 'mappings')),
  {
    contractFile:
      typeof given === 'string' ? join(given, '..', 'webex-events.yaml') : atRoot('webex-events.yaml'),
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
// The App would do it at the end of the process, and its errors would be stack traces.
orExplain(() => app.synth());

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

/** Reports all problems and ends the synth: nothing deploys with a problem. */
function orExit<Value>(result: Result<Value, readonly Problem[]>): Value {
  if (result.ok) return result.value;
  report(result.failure);
  process.exit(1);
}

function report(problems: readonly Problem[]): void {
  if (problems.length > 0) print(formatProblems(problems), process.stderr);
}
