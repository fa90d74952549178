import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { callsOf, firstCallOf, sendCommand, urlOf } from '../both-ends.ts';
import { commandOf } from '../deploy-chapter.ts';
import { isLogged } from '../only-template.ts';
import { type Step, until } from '../step.ts';
import { post, signAsStripe } from '../webhooks.ts';
import { attempt, clientsOf, run, STACK, type Workshop } from '../workshop.ts';
import { firstSecretSteps, rotationStep } from './set-secrets.ts';

/** What goes through the deployed API, and what does not. */
export function webhookSteps(workshop: Workshop): readonly Step[] {
  return [
    ...firstSecretSteps(workshop),
    sendFirst(workshop),
    sendShopify(workshop),
    sendForged(workshop),
    sendFiveTimes(workshop),
    rotationStep(workshop),
  ];
}

function sendFirst(workshop: Workshop): Step {
  return {
    title: 'The first event, by the command of the README',
    run: async ({ report, prove }) => {
      const command = commandOf('npm run -s adapter -- send', {
        '<WebhookUrlstripe>': urlOf(workshop, 'stripe'),
      });
      report(`$ ${command}\n${(await run(workshop, command)).trim().replace(/^/gm, '     ')}`);
      const call = await firstCallOf(workshop, 'evt_10000000000001');
      prove(
        'Webex Campaign has been called for it, and answered with a transaction id',
        call.answer?.status === 200,
        call,
      );
      report(`  ${call.body}`);
      const transactionId = /event_\d+/.exec(call.answer?.body ?? '')?.[0] ?? '';
      const state = await until('the ledger', 30, async () => deliveredAs(workshop, transactionId));
      prove(`the ledger has it as delivered, under ${transactionId}`, state);
      const logged = await isLogged(workshop, /Deliver/, `"${transactionId}"`);
      prove("the deliver function's log has a line with that id", logged);
    },
  };
}

function sendShopify(workshop: Workshop): Step {
  return {
    title: 'A signed Shopify webhook',
    run: async ({ prove }) => {
      await run(workshop, sendCommand(workshop, 'shopify', 'orders.create'));
      const call = await firstCallOf(workshop, 'evt_20000000000001');
      prove('it is delivered', call.answer?.body.includes('transaction-id') === true, call);
    },
  };
}

function sendForged(workshop: Workshop): Step {
  return {
    title: 'Forged webhooks',
    run: async ({ prove }) => {
      const before = workshop.simulator.received().length;
      for (const [source, sample] of [
        ['stripe', 'invoice.paid'],
        ['shopify', 'orders.paid'],
      ] as const) {
        for (const flaw of ['--tamper', '--unsigned']) {
          const { stdout } = await attempt(
            workshop,
            `${sendCommand(workshop, source, sample)} ${flaw} --json`,
          );
          prove(`${source} ${flaw}: answered 401`, JSON.parse(stdout || '{}').status === 401, stdout);
        }
      }
      prove('none of them has reached Webex Campaign', workshop.simulator.received().length === before);
    },
  };
}

function sendFiveTimes(workshop: Workshop): Step {
  return {
    title: 'The same webhook five times',
    run: async ({ prove }) => {
      const webhook = signAsStripe('customer.subscription.deleted');
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => post(urlOf(workshop, 'stripe'), webhook)),
      );
      prove(
        'each is answered 200',
        answers.every(({ status }) => status === 200),
        answers,
      );
      await firstCallOf(workshop, 'evt_10000000000006');
      await until('the buffer to be empty', 120, async () => (await isBufferEmpty(workshop)) || undefined);
      prove('Webex Campaign has been called once', callsOf(workshop, 'evt_10000000000006').length === 1);
    },
  };
}

/** Whether an entry of the ledger has this transaction id, and the state that belongs to it. */
async function deliveredAs(workshop: Workshop, transactionId: string): Promise<true | undefined> {
  const output = await run(
    workshop,
    `aws dynamodb scan --table-name ${STACK}-ledger --query "Items[?transactionId.S=='${transactionId}'].state.S" --output text`,
  );
  return output.trim() === 'delivered' ? true : undefined;
}

/** Neither waiting nor in the hands of a worker. */
async function isBufferEmpty(workshop: Workshop): Promise<boolean> {
  const { Attributes = {} } = await clientsOf(workshop).sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: workshop.outputs.get().BufferQueueUrl,
      AttributeNames: ['All'],
    }),
  );
  return Object.entries(Attributes).every(
    ([name, value]) => !name.startsWith('ApproximateNumberOfMessages') || value === '0',
  );
}
