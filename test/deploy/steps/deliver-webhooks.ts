import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { commandOf } from '../deploy-chapter.ts';
import { isLogged } from '../only-template.ts';
import { type Step, until } from '../step.ts';
import { post, SECRETS, signAsShopify, signAsStripe } from '../webhooks.ts';
import { attempt, clientsOf, run, STACK, type Workshop } from '../workshop.ts';

/** What goes through the deployed API, and what does not. */
export function webhookSteps(workshop: Workshop): readonly Step[] {
  const { simulator } = workshop;
  const urlOf = (source: string) => `${workshop.door.get().url}/webhooks/${source}`;
  const callsOf = (eventId: string) =>
    simulator.received().filter(({ body }) => body.includes(`"${eventId}"`));
  const firstCallOf = (eventId: string) =>
    until(`a call with ${eventId}`, 90, async () =>
      callsOf(eventId).find(({ answer }) => answer !== undefined),
    );
  // Stripe signs each attempt anew: one of minutes ago would be too old.
  const attemptOfStripe = () => signAsStripe('checkout.session.completed');

  return [
    {
      title: 'A webhook that comes before the secrets are set',
      run: async ({ prove }) => {
        const { status, text } = await post(urlOf('stripe'), attemptOfStripe());
        prove('it is answered 503, so that Stripe tries again', status === 503, `${status} ${text}`);
        prove('nothing has reached Webex Campaign', simulator.received().length === 0);
      },
    },
    {
      title: 'Set the secrets',
      run: async ({ tell, prove }) => {
        for (const [name, value] of Object.entries(SECRET_VALUES)) {
          const command = commandOf(`npm run -s adapter -- secrets set ${name}`);
          tell(`$ ${command}\n     ${(await run(workshop, pipeInto(value, command))).trim()}`);
        }
        const again = commandOf('npm run -s adapter -- secrets set stripe');
        const { exitCode, stderr } = await attempt(workshop, pipeInto('whsec_another', again));
        prove('what is set is not overwritten', exitCode === 2 && stderr.includes('is set already'), stderr);
        const last = await until('the webhook to be taken', 60, async () => {
          const answer = await post(urlOf('stripe'), attemptOfStripe());
          return answer.status === 503 ? undefined : answer;
        });
        prove('Stripe tries again what was answered 503, and is answered 200', last.status === 200, last);
        const call = await firstCallOf('evt_10000000000002');
        prove('and it is delivered', call.answer?.body.includes('transaction-id') === true, call);
      },
    },
    {
      title: 'The first event, by the command of the README',
      run: async ({ tell, prove }) => {
        const command = commandOf('npm run -s adapter -- send', { '<WebhookUrlstripe>': urlOf('stripe') });
        tell(`$ ${command}\n${(await run(workshop, command)).trim().replace(/^/gm, '     ')}`);
        const call = await firstCallOf('evt_10000000000001');
        prove(
          'Webex Campaign has been called for it, and answered with a transaction id',
          call.answer?.status === 200,
          call,
        );
        tell(`  ${call.body}`);
        const transactionId = /event_\d+/.exec(call.answer?.body ?? '')?.[0] ?? '';
        const state = await until('the ledger', 30, async () => deliveredAs(workshop, transactionId));
        prove(`the ledger has it as delivered, under ${transactionId}`, state);
        const logged = await isLogged(workshop, /Deliver/, `"${transactionId}"`);
        prove("the deliver function's log has a line with that id", logged);
      },
    },
    {
      title: 'A signed Shopify webhook',
      run: async ({ prove }) => {
        await run(workshop, sendCommand('shopify', 'orders.create'));
        const call = await firstCallOf('evt_20000000000001');
        prove('it is delivered', call.answer?.body.includes('transaction-id') === true, call);
      },
    },
    {
      title: 'Forged webhooks',
      run: async ({ prove }) => {
        const before = simulator.received().length;
        for (const [source, sample] of [
          ['stripe', 'invoice.paid'],
          ['shopify', 'orders.paid'],
        ] as const) {
          for (const flaw of ['--tamper', '--unsigned']) {
            const { stdout } = await attempt(workshop, `${sendCommand(source, sample)} ${flaw} --json`);
            prove(`${source} ${flaw}: answered 401`, JSON.parse(stdout || '{}').status === 401, stdout);
          }
        }
        prove('none of them has reached Webex Campaign', simulator.received().length === before);
      },
    },
    {
      title: 'The same webhook five times',
      run: async ({ prove }) => {
        const webhook = signAsStripe('customer.subscription.deleted');
        const answers = await Promise.all(Array.from({ length: 5 }, () => post(urlOf('stripe'), webhook)));
        prove(
          'each is answered 200',
          answers.every(({ status }) => status === 200),
          answers,
        );
        await firstCallOf('evt_10000000000006');
        await until('the buffer to be empty', 120, async () => (await isBufferEmpty(workshop)) || undefined);
        prove('Webex Campaign has been called once', callsOf('evt_10000000000006').length === 1);
      },
    },
    {
      title: 'Rotate a signing secret',
      run: async ({ tell, prove }) => {
        const at = `--stack ${STACK}`;
        const rotate = `npm run -s adapter -- secrets rotate shopify ${at}`;
        const told = await run(workshop, pipeInto(`${SECRETS.shopify}_new`, rotate));
        tell(`$ ${rotate}\n${told.trim().replace(/^/gm, '     ')}`);
        const status = await run(workshop, `npm run -s adapter -- secrets status shopify ${at}`);
        prove('the new one stands before the old one', status.includes('2 signing secrets'), status);
        // `adapter send` signs with the newest.
        const command = `${sendCommand('shopify', 'orders.paid')} --json`;
        const taken = await until('the new one to count', 90, async () => {
          const { stdout } = await attempt(workshop, command);
          return JSON.parse(stdout || '{}').status === 200 ? stdout : undefined;
        });
        prove('what the new one has signed is answered 200', taken !== undefined);
        const old = await post(urlOf('shopify'), signAsShopify('orders.fulfilled'));
        prove('and so is what the old one has signed', old.status === 200, old);
        const { exitCode, stderr } = await attempt(workshop, `${rotate} --finish --yes`);
        prove(
          'the old one cannot be taken away so soon',
          exitCode === 2 && stderr.includes('Nothing'),
          stderr,
        );
        await run(workshop, `${rotate} --finish --yes --force`);
        const after = await run(workshop, `npm run -s adapter -- secrets status shopify ${at}`);
        prove('and it can, by force', after.includes('1 signing secret,'), after);
      },
    },
  ];

  function sendCommand(source: string, sample: string): string {
    return `npm run -s adapter -- send --stack ${STACK} --url ${urlOf(source)} --source ${source} --sample ${sample}`;
  }
}

const SECRET_VALUES = {
  'webex-campaign': SECRETS.webex,
  stripe: SECRETS.stripe,
  shopify: SECRETS.shopify,
};

/** Gives a command its standard input, where a person is asked. */
function pipeInto(value: string, command: string): string {
  return `printf '%s\\n' '${value}' | ${command}`;
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
