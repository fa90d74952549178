import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { initPackedProject, type PackedApp } from '../../package/packed-app.ts';
import { openApiProxy } from '../emulator.ts';
import { type Reporter, type Step, until } from '../step.ts';
import { SECRETS } from '../webhooks.ts';
import { run, shared, type Workshop } from '../workshop.ts';

/** Not the stage that `init` writes: its stack would be the one that the clone has deployed. */
const STAGE = 'bridge';
const STACK = `webhook-adapter-${STAGE}`;
const TENANT = 'https://tenant.webexcampaign.io/campaignapi/resources/v3/events';
const SECRETS_BY_NAME = { 'webex-campaign': SECRETS.webex, stripe: SECRETS.stripe };

/** A project that `init` has written from the packed package: deployed, at work and destroyed by its own commands. */
export function projectSteps(workshop: Workshop): readonly Step[] {
  const project = shared<PackedApp>('project of init');
  /** Runs a command in the folder of the project, as its team would. */
  const runThere: RunThere = (command) => {
    const { directory } = project.get();
    return run({ ...workshop, project: { ...workshop.project, directory } }, command);
  };
  return [
    {
      title: 'Write a project of its own from the packed package, and deploy it by its own "npx cdk deploy"',
      run: async ({ report, prove }) => {
        project.set(await initPackedProject('stripe'));
        const { directory, remove } = project.get();
        process.once('exit', remove);
        nameStage(join(directory, 'stages.yaml'), workshop.simulator.eventUrl);
        const command = `npx cdk deploy ${STACK} --require-approval never`;
        report(`$ ${command}`);
        await runThere(`${command} --outputs-file outputs.json`);
        const url = urlOf(directory);
        prove('an output holds the webhook URL of its source', url.pathname === '/webhooks/stripe', url.href);
      },
    },
    {
      title: 'Deliver a webhook of that project, and destroy it',
      run: async (reporter) => {
        await deliver(workshop, { url: urlOf(project.get().directory), runThere }, reporter);
        await runThere(`npx cdk destroy ${STACK} --force`);
        const left = await runThere('aws cloudformation list-stacks --stack-status-filter CREATE_COMPLETE');
        reporter.prove('the stack is gone', !left.includes(STACK), left);
      },
    },
  ];
}

type RunThere = (command: string) => Promise<string>;

/** Sets the secrets, and sends a webhook through the stack. */
async function deliver(
  workshop: Workshop,
  { url, runThere }: { readonly url: URL; readonly runThere: RunThere },
  { prove }: Reporter,
): Promise<void> {
  for (const [name, value] of Object.entries(SECRETS_BY_NAME))
    await runThere(`printf '%s\\n' '${value}' | npx webhook-adapter secrets set ${name} --stack ${STACK}`);
  const before = workshop.simulator.received().length;
  const proxy = await openApiProxy(workshop.emulator.get(), url.host);
  const at = `--stack ${STACK} --url ${proxy.url}${url.pathname}`;
  const send = `npx webhook-adapter send ${at} --source stripe --sample customer.subscription.deleted`;
  const sent = await runThere(send).finally(proxy.stop);
  prove('the webhook is answered 200', sent.includes('HTTP 200'), sent);
  const call = await until('its call of Webex Campaign', 90, async () =>
    workshop.simulator
      .received()
      .slice(before)
      .find(({ answer }) => answer !== undefined),
  );
  prove('it is delivered', call.answer?.body.includes('transaction-id') === true, call);
}

/** Does what the project's README says: the stage's name and the tenant's URL. */
function nameStage(file: string, eventUrl: string): void {
  const written = readFileSync(file, 'utf8');
  const own = written.replace(/^dev:$/m, `${STAGE}:`).replace(TENANT, eventUrl);
  if (!own.includes(`\n${STAGE}:\n  event-url: ${eventUrl}`))
    throw new Error(`init has written other stages:\n${written}`);
  writeFileSync(file, own);
}

function urlOf(directory: string): URL {
  const outputs = JSON.parse(readFileSync(join(directory, 'outputs.json'), 'utf8'));
  return new URL(outputs[STACK]?.WebhookUrlstripe);
}
