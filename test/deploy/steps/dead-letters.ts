import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SIX_SOURCES } from '../../fixtures/six-sources.ts';
import { commandOf, unusedCommands } from '../deploy-chapter.ts';
import { type Reporter, type Step, until } from '../step.ts';
import { post, signAsStripe } from '../webhooks.ts';
import { attempt, run, STACK, type Workshop } from '../workshop.ts';
import { deploy } from './deploy-stack.ts';

/** The event id of what `customer.subscription.trial_will_end` becomes. */
const EVENT_ID = 'evt_10000000000003';
const MENDED_ID = 'evt_10000000000093';

/** What is refused, mended and replayed; and the end of it all. */
export function deadLetterSteps(workshop: Workshop): readonly Step[] {
  return [
    refuse(workshop),
    mendAndReplay(workshop),
    pauseAndResume(workshop),
    findAndErase(workshop),
    removeSource(workshop),
    loseStage(workshop),
    destroy(workshop),
    giveUp(workshop),
  ];
}

function refuse(workshop: Workshop): Step {
  return {
    title: 'HTTP 200 with code 1002 in it',
    run: async ({ report, prove }) => {
      workshop.simulator.script([
        { status: 200, body: { code: 1002, description: 'Mandatory field is missing' } },
      ]);
      const { status } = await post(
        `${workshop.endpoint.get().url}/webhooks/stripe`,
        signAsStripe('customer.subscription.trial_will_end'),
      );
      prove('the webhook is answered 200: it is safe on the buffer', status === 200, status);
      const listed = await until('a dead letter', 90, async () => {
        const text = await list(workshop);
        return text.includes('1 dead letter') ? text : undefined;
      });
      report(`$ ${commandOf('npm run -s adapter -- dead-letter list')}\n${indent(listed)}`);
      prove(
        'it is dead-lettered, and its note says why',
        /webex-mandatory-field-missing\s+stripe trial-ending/.test(listed),
        listed,
      );
      prove('the note has the answer: HTTP 200, code 1002', listed.includes('HTTP 200, code 1002'));
      const calls = workshop.simulator.received().filter(({ body }) => body.includes(EVENT_ID));
      prove('and the vendor was called once', calls.length === 1, calls);
    },
  };
}

function mendAndReplay(workshop: Workshop): Step {
  return {
    title: 'Mend the mapping, deploy it, and replay the dead letter',
    run: async ({ report, prove }) => {
      workshop.project.replace('mappings/stripe/mapping.yaml', EVENT_ID, MENDED_ID);
      // An example that expects something else would keep the mapping from being deployed.
      const accept = 'npm run -s adapter -- map --example stripe/trial-ending --accept';
      report(`$ ${accept}`);
      await run(workshop, accept);
      await proveDiff(workshop, { report, prove });
      await deploy(workshop, report);
      const after = await run(workshop, `npm run -s adapter -- diff --stack ${STACK}`);
      prove('what is deployed then is what the files say', after.includes('Nothing differs.'), after);
      const replay = `npm run -s adapter -- dead-letter replay --code webex-mandatory-field-missing --stack ${STACK}`;
      report(`$ ${replay}\n${indent(await run(workshop, replay))}`);
      const call = await until('the second call', 90, async () =>
        workshop.simulator.received().find(({ body }) => body.includes(MENDED_ID)),
      );
      prove('what is sent now is what the changed mapping says', !call.body.includes(EVENT_ID), call);
      prove('and it is delivered', call.answer?.body.includes('transaction-id') === true, call);
      prove('nothing is left in the dead-letter queue', (await list(workshop)).includes('is empty'));
      const { 'transaction-id': transaction } = JSON.parse(call.answer?.body ?? '{}');
      const explain = `npm run -s adapter -- explain ${transaction} --stack ${STACK}`;
      const story = await until('the end of the story', 30, async () => {
        const text = await run(workshop, explain);
        return text.includes('ACCEPTED') ? text : undefined;
      });
      report(`$ ${explain}\n${indent(story)}`);
      prove(
        'its story has the refusal and the transaction',
        story.includes('1002') && story.includes(transaction),
      );
    },
  };
}

/** A person stops a source, and lets it go on. */
function pauseAndResume(workshop: Workshop): Step {
  const about = () => workshop.simulator.received().filter(({ body }) => body.includes('cus_0000000paused0'));
  return {
    title: 'Pause a source, and resume it',
    run: async ({ report, prove }) => {
      const pause = `npm run -s adapter -- pause stripe --by ann --reason test --stack ${STACK}`;
      report(`$ ${pause}\n${indent(await run(workshop, pause))}`);
      // A worker may believe for five seconds what it knew before; the promise is ten.
      await wait(10_000);
      const signed = signAsStripe('invoice.payment_failed', (body) =>
        body
          .replaceAll('cus_00000000000000', 'cus_0000000paused0')
          .replaceAll('evt_000000000000000000000000', 'evt_00000000000000000paused0'),
      );
      const { status } = await post(`${workshop.endpoint.get().url}/webhooks/stripe`, signed);
      prove('a webhook is still taken', status === 200, status);
      await wait(20_000);
      const screen = await attempt(workshop, `npm run -s adapter -- status --stack ${STACK}`);
      report(`$ npm run -s adapter -- status --stack ${STACK}\n${indent(screen.stdout)}`);
      prove(
        'status says who has paused it, and ends with 1',
        screen.exitCode === 1 && /paused since .* by ann: "test"/.test(screen.stdout),
        screen,
      );
      prove('nothing is called for it', about().length === 0, about());
      const resume = `npm run -s adapter -- resume stripe --stack ${STACK}`;
      report(`$ ${resume}\n${indent(await run(workshop, resume))}`);
      await until('the call', 90, async () => about()[0]);
      prove('once resumed, it is delivered once', about().length === 1, about());
    },
  };
}

/** The function of the stack gives the hash of a customer; the command has no key. */
function findAndErase(workshop: Workshop): Step {
  const about = '--customer cus_00000000000000 --kind customer-id';
  return {
    title: 'Find a customer by her id, and erase her',
    run: async ({ report, prove }) => {
      const find = `npm run -s adapter -- explain ${about} --stack ${STACK}`;
      const found = await run(workshop, find);
      report(`$ ${find}\n${indent(found)}`);
      prove('all her events are found, with their verdicts', /ACCEPTED by Webex Campaign/.test(found), found);
      const erase = `npm run -s adapter -- erase ${about} --stack ${STACK}`;
      const planned = await run(workshop, erase);
      prove('a dry run says what would be erased', /a dry run/.test(planned), planned);
      const receipt = await run(workshop, `${erase} --yes --by ann`);
      report(`$ ${erase} --yes --by ann\n${indent(receipt)}`);
      prove(
        'the receipt names nobody',
        /^Erased on .* by ann/m.test(receipt) && !receipt.includes('cus_0'),
        receipt,
      );
      const after = await attempt(workshop, find);
      prove('nobody finds her any more', after.exitCode === 1 && after.stdout.includes('No event'), after);
    },
  };
}

/** What is deployed, and its dead letter, show what the change does. */
async function proveDiff(workshop: Workshop, { report, prove }: Reporter): Promise<void> {
  const diff = `npm run -s adapter -- diff --stack ${STACK}`;
  const text = await run(workshop, diff);
  report(`$ ${diff}\n${indent(text)}`);
  const lines = text.split('\n').filter((line) => line.includes(`${EVENT_ID} → ${MENDED_ID}`));
  prove('the diff with what is deployed has another event definition', lines.length > 1, text);
  prove(
    'also for the dead letter',
    lines.some((line) => line.includes('dead letter')),
    text,
  );
  prove('and nothing else', text.includes('1 message: other-definition'), text);
  prove('by the same code', !text.includes('another version'), text);
}

function removeSource(workshop: Workshop): Step {
  const folder = join(workshop.project.directory, 'mappings', 'shopify');
  return {
    title: 'A source that is removed, and comes back',
    run: async ({ report, prove }) => {
      rmSync(folder, { recursive: true });
      await deploy(workshop, report);
      cpSync(join(SIX_SOURCES, 'shopify'), folder, { recursive: true });
      await run(workshop, 'npx cdk synth --quiet');
      const adopt = `npm run -s adapter -- adopt --stack ${STACK}`;
      const left = await run(workshop, adopt);
      report(`$ ${adopt}\n${indent(left)}`);
      const ids = Object.keys(JSON.parse(left));
      prove(
        'its secret has stayed, and is all that there is to adopt: the rest is in the stack',
        ids.length === 1 && ids[0]?.includes('SigningSecretwebhooksshopify') === true,
        left,
      );
    },
  };
}

function loseStage(workshop: Workshop): Step {
  return {
    title: 'A stage that is renamed while it is deployed',
    run: async ({ report, prove }) => {
      const status = 'npm run -s adapter -- status';
      const before = await attempt(workshop, status);
      prove(
        'adapter status shows it as deployed',
        before.exitCode === 0 && before.stdout.includes(STACK),
        before,
      );
      workshop.project.replace('stages.yaml', '\ndev:', '\nrenamed:');
      const after = await attempt(workshop, status);
      workshop.project.replace('stages.yaml', '\nrenamed:', '\ndev:');
      report(`$ ${status}\n${indent(after.stdout)}`);
      prove(
        'after it was renamed, adapter status says that its stack runs on, and how to be rid of it',
        after.exitCode === 1 && after.stdout.includes(`delete-stack --stack-name ${STACK}`),
        after,
      );
    },
  };
}

/** What the docs say about giving up for good what a destroyed stage has left. */
function giveUp(workshop: Workshop): Step {
  return {
    title: 'Give up what has stayed',
    run: async ({ report, prove }) => {
      const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
      const commands = [
        ...page.matchAll(/^aws (?:sqs delete-queue|dynamodb delete-table|secretsmanager delete).*$/gm),
      ];
      const secrets = await run(
        workshop,
        `aws secretsmanager list-secrets --filters Key=name,Values=${STACK}/ --query "SecretList[].Name" --output text`,
      );
      for (const [command] of commands) {
        const names = command.includes('<name>') ? secrets.trim().split(/\s+/) : [''];
        for (const name of names) {
          const given = command.replace('<name>', name);
          report(`$ ${given}`);
          // The AWS CLI of PyPI takes another host for SQS than the environment says.
          await run(workshop, given.replaceAll('aws sqs', 'aws --endpoint-url "$AWS_ENDPOINT_URL" sqs'));
        }
      }
      const { exitCode, stderr } = await attempt(workshop, `npm run -s adapter -- adopt --stack ${STACK}`);
      prove('nothing is left', exitCode === 2 && stderr.includes(`Nothing of ${STACK} is left`), stderr);
    },
  };
}

function destroy(workshop: Workshop): Step {
  return {
    title: 'Take the stack away',
    run: async ({ report, prove }) => {
      const command = commandOf('npx cdk destroy');
      report(`$ ${command}`);
      await run(workshop, `${command} --force`);
      const { exitCode } = await attempt(
        workshop,
        `aws cloudformation describe-stacks --stack-name ${STACK}`,
      );
      prove('there is no such stack any more', exitCode !== 0);
      const functions = await run(
        workshop,
        'aws lambda list-functions --query "Functions[].FunctionName" --output text',
      );
      prove('its functions are gone', functions.trim() === '', functions);
      await proveKept(workshop, prove);
      prove(
        "every command of the README's deploy chapter has been run",
        unusedCommands().length === 0,
        unusedCommands(),
      );
    },
  };
}

/** What cannot be made again has stayed, and can be taken into a new stack. */
async function proveKept(workshop: Workshop, prove: Reporter['prove']): Promise<void> {
  prove(
    'what cannot be made again has stayed: the ledger',
    await stays(workshop, 'dynamodb describe-table --table-name', '-ledger'),
  );
  prove('the dead-letter queue', (await list(workshop)).includes('is empty'));
  const secrets = await run(
    workshop,
    'aws secretsmanager list-secrets --query "SecretList[].Name" --output text',
  );
  prove(
    'the secrets',
    secrets.includes(`${STACK}/webex-campaign`) && secrets.includes(`${STACK}/webhooks/stripe`),
    secrets,
  );
  await run(workshop, 'npx cdk synth --quiet');
  const left = await run(workshop, `npm run -s adapter -- adopt --stack ${STACK}`);
  prove('adapter adopt finds it all, and the buffer', isAllOf(Object.keys(JSON.parse(left))), left);
}

/** Whether what is left has both queues, the ledger, and the secrets of Webex Campaign and the sources. */
function isAllOf(ids: readonly string[]): boolean {
  const wanted = ['BufferQueue', 'DeadLetterQueue', 'LedgerTable', 'WebexKeys', 'stripe', 'shopify'];
  return wanted.every((part) => ids.some((id) => id.includes(part)));
}

function list(workshop: Workshop): Promise<string> {
  return run(workshop, commandOf('npm run -s adapter -- dead-letter list'));
}

function indent(text: string): string {
  return text.trim().replace(/^/gm, '     ');
}

async function stays(workshop: Workshop, describe: string, suffix: string): Promise<boolean> {
  return (await attempt(workshop, `aws ${describe} ${STACK}${suffix}`)).exitCode === 0;
}
