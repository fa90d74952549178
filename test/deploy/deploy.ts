import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startWebexCampaignSimulator } from '../../local/webex-campaign/simulator.ts';
import { compareWithTemplate } from './only-template.ts';
import { cloneProject } from './project.ts';
import { runSteps, type Step, write } from './step.ts';
import { deadLetterSteps } from './steps/dead-letters.ts';
import { webhookSteps } from './steps/deliver-webhooks.ts';
import { projectSteps } from './steps/deploy-project.ts';
import { deploySteps } from './steps/deploy-stack.ts';
import { runbookSteps } from './steps/run-runbook.ts';
import { SECRETS } from './webhooks.ts';
import { shared, type Workshop } from './workshop.ts';

/** The whole suite takes three to ten minutes; what has not ended after so many hangs. */
const DEADLINE_MINUTES = 15;

// A true `cdk deploy` of the unchanged stack, on an emulated AWS: `npm run test:deploy -- [--results FILE]`.
const { values } = parseArgs({ options: { results: { type: 'string' } } });
const startedAt = Date.now();
const ending = new AbortController();
const deadline = setTimeout(
  () => ending.abort(new Error(`The suite has not ended within ${DEADLINE_MINUTES} minutes.`)),
  DEADLINE_MINUTES * 60_000,
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => ending.abort(new Error(`The suite was ended by ${signal}.`)));
}

const workshop = await openWorkshop();
const onlyTemplate: string[] = [];
const { failed } = await runSteps(
  [
    ...deploySteps(workshop),
    ...webhookSteps(workshop),
    ...runbookSteps(workshop),
    compareStep(),
    ...deadLetterSteps(workshop),
    ...projectSteps(workshop),
  ],
  { signal: ending.signal, resultsFile: values.results },
);
clearTimeout(deadline);
if (failed > 0) printEmulatorLog();
await closeWorkshop();

if (onlyTemplate.length > 0)
  write(`\nOnly the template shows:\n${onlyTemplate.map((name) => `  - ${name}`).join('\n')}`);
const seconds = Math.round((Date.now() - startedAt) / 1000);
write(failed === 0 ? `\nThe deploy is proved (${seconds} s).` : `\nThe deploy is not proved (${seconds} s).`);
process.exit(failed === 0 ? 0 : 1);

async function openWorkshop(): Promise<Workshop> {
  const directory = mkdtempSync(join(tmpdir(), 'webhook-adapter-deploy-'));
  return {
    signal: ending.signal,
    directory,
    project: cloneProject(join(directory, 'project')),
    simulator: await startWebexCampaignSimulator({ keys: () => [SECRETS.webex] }),
    python: shared('Python environment'),
    emulator: shared('emulator'),
    template: shared('template'),
    outputs: shared('outputs of a deployed stack'),
    endpoint: shared('endpoint of the deployed API'),
  };
}

/** Ends every process and server, and removes all that was written. */
async function closeWorkshop(): Promise<void> {
  for (const part of [workshop.endpoint, workshop.emulator]) {
    if (part.isSet()) await part.get().stop();
  }
  await workshop.simulator.stop();
  rmSync(workshop.directory, { recursive: true, force: true });
}

function compareStep(): Step {
  return {
    title: 'What the emulator may not honour',
    run: async (reporter) => {
      onlyTemplate.push(...(await compareWithTemplate(workshop, reporter)));
    },
  };
}

/** Prints the end of the emulator's log, which is where to look when a step has failed. */
function printEmulatorLog(): void {
  if (!workshop.emulator.isSet()) return;
  write("\nThe end of the emulator's log:");
  write(workshop.emulator.get().log().split('\n').slice(-60).join('\n'));
}
