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

for (const [name, stage] of Object.entries(selected)) {
  const mappings = checked.mappingsOf(name);
  new WebhookAdapterStack(app, stackNameOf(name), { ...stackPropsOf(name, stage), mappings });
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
