import { firstCallOf, sendCommand, urlOf } from '../both-ends.ts';
import { commandOf } from '../deploy-chapter.ts';
import { type Step, until } from '../step.ts';
import { post, SECRETS, signAsShopify, signAsStripe, type Webhook } from '../webhooks.ts';
import { attempt, run, STACK, type Workshop } from '../workshop.ts';

const SECRET_VALUES = {
  'webex-campaign': SECRETS.webex,
  stripe: SECRETS.stripe,
  shopify: SECRETS.shopify,
};

/** What a vendor meets whose secret is not there yet, and the secrets being set. */
export function firstSecretSteps(workshop: Workshop): readonly Step[] {
  return [postTooEarly(workshop), setSecrets(workshop)];
}

function postTooEarly(workshop: Workshop): Step {
  return {
    title: 'A webhook that comes before the secrets are set',
    run: async ({ prove }) => {
      const { status, text } = await post(urlOf(workshop, 'stripe'), attemptOfStripe());
      prove('it is answered 503, so that Stripe tries again', status === 503, `${status} ${text}`);
      prove('nothing has reached Webex Campaign', workshop.simulator.received().length === 0);
    },
  };
}

function setSecrets(workshop: Workshop): Step {
  return {
    title: 'Set the secrets',
    run: async ({ report, prove }) => {
      for (const [name, value] of Object.entries(SECRET_VALUES)) {
        const command = commandOf(`npm run -s adapter -- secrets set ${name}`);
        report(`$ ${command}\n     ${(await run(workshop, pipeInto(value, command))).trim()}`);
      }
      const again = commandOf('npm run -s adapter -- secrets set stripe');
      const { exitCode, stderr } = await attempt(workshop, pipeInto('whsec_another', again));
      prove('what is set is not overwritten', exitCode === 2 && stderr.includes('is set already'), stderr);
      const last = await until('the webhook to be taken', 60, async () => {
        const answer = await post(urlOf(workshop, 'stripe'), attemptOfStripe());
        return answer.status === 503 ? undefined : answer;
      });
      prove('Stripe tries again what was answered 503, and is answered 200', last.status === 200, last);
      const call = await firstCallOf(workshop, 'evt_10000000000002');
      prove('and it is delivered', call.answer?.body.includes('transaction-id') === true, call);
    },
  };
}

/** Replaces a signing secret while webhooks come that are signed with either. */
export function rotationStep(workshop: Workshop): Step {
  return {
    title: 'Rotate a signing secret',
    run: async ({ report, prove }) => {
      const at = `--stack ${STACK}`;
      const rotate = `npm run -s adapter -- secrets rotate shopify ${at}`;
      const told = await run(workshop, pipeInto(`${SECRETS.shopify}_new`, rotate));
      report(`$ ${rotate}\n${told.trim().replace(/^/gm, '     ')}`);
      const status = await run(workshop, `npm run -s adapter -- secrets status shopify ${at}`);
      prove('the new one stands before the old one', status.includes('2 signing secrets'), status);
      // `adapter send` signs with the newest.
      const command = `${sendCommand(workshop, 'shopify', 'orders.paid')} --json`;
      const taken = await until('the new one to count', 90, async () => {
        const { stdout } = await attempt(workshop, command);
        return JSON.parse(stdout || '{}').status === 200 ? stdout : undefined;
      });
      prove('what the new one has signed is answered 200', taken !== undefined);
      const old = await post(urlOf(workshop, 'shopify'), signAsShopify('orders.fulfilled'));
      prove('and so is what the old one has signed', old.status === 200, old);
      const { exitCode, stderr } = await attempt(workshop, `${rotate} --finish --yes`);
      prove('the old one cannot be taken away so soon', exitCode === 2 && stderr.includes('Nothing'), stderr);
      await run(workshop, `${rotate} --finish --yes --force`);
      const after = await run(workshop, `npm run -s adapter -- secrets status shopify ${at}`);
      prove('and it can, by force', after.includes('1 signing secret,'), after);
    },
  };
}

/** Stripe signs each attempt anew: one of minutes ago would be too old. */
function attemptOfStripe(): Webhook {
  return signAsStripe('checkout.session.completed');
}

/** Gives a command its standard input, where a person is asked. */
function pipeInto(value: string, command: string): string {
  return `printf '%s\\n' '${value}' | ${command}`;
}
