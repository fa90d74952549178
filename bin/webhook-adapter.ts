import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import type { Result } from '../lambdas/result.ts';
import { readAlarmSettings } from '../lib/alarm-stage-settings.ts';
import { formatProblems, type Problem } from '../lib/config-file.ts';
import { checkMappingFolders, isError } from '../lib/map/check-mapping-folders.ts';
import { readStages, selectStages } from '../lib/stages.ts';
import { WebhookAdapterStack } from '../lib/webhook-adapter-stack.ts';

const atRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const app = new App();
const stages = orExit(readStages(atRoot('stages.yaml')));
const folders: unknown = app.node.tryGetContext('mappings');
const { mappings, problems } = await checkMappingFolders(
  typeof folders === 'string' ? folders : atRoot('mappings'),
  Object.keys(stages),
);
tell(problems);
if (problems.some(isError)) process.exit(1);
const selected = orExit(
  selectStages(stages, {
    stage: app.node.tryGetContext('stage'),
    'event-url': app.node.tryGetContext('event-url'),
  }),
);

for (const [stage, settings] of Object.entries(selected)) {
  new WebhookAdapterStack(app, `webhook-adapter-${stage}`, {
    description: `Webhooks to Webex Campaign events (${stage}).`,
    eventUrl: settings['event-url'],
    publicUrl: settings['public-url'],
    eventsPerSecond: settings['events-per-second'],
    concurrency: settings.concurrency,
    successIdFields: settings['success-id-fields'],
    alarms: readAlarmSettings(settings),
    mappings,
    stage,
  });
}

/** Reports all problems and ends the synth: a wrong mapping never deploys. */
function orExit<Value>(result: Result<Value, readonly Problem[]>): Value {
  if (result.ok) return result.value;
  tell(result.failure);
  process.exit(1);
}

function tell(problems: readonly Problem[]): void {
  if (problems.length > 0) process.stderr.write(`${formatProblems(problems)}\n`);
}
