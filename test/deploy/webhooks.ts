import { createHmac } from 'node:crypto';
import Stripe from 'stripe';
import { dateSample, findSample } from '../../signing/samples.ts';

/** Values of the secrets; they open nothing but the emulator of one run. */
export const SECRETS = {
  webex: 'deploy-webex-campaign-key',
  stripe: 'whsec_deploy_stripe',
  shopify: 'shpss_deploy_shopify',
} as const;

/** A webhook that can be posted any number of times: always the same bytes, under the same signature. */
export type Webhook = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** A sample that Stripe's own library has signed, as if it had happened now. */
export function signAsStripe(sampleName: string, change = (body: string) => body): Webhook {
  const sample = findSample('stripe', sampleName);
  if (!sample.ok) throw new Error(`There is no sample ${sampleName}.`);
  const body = change(dateSample(sample.value, new Date()).body.toString('utf8'));
  const signature = new Stripe('unused').webhooks.generateTestHeaderString({
    payload: body,
    secret: SECRETS.stripe,
  });
  return { body, headers: { 'content-type': 'application/json', 'stripe-signature': signature } };
}

/** The same, as Shopify signs: the HMAC of the body, in base64. */
export function signAsShopify(sampleName: string): Webhook {
  const sample = findSample('shopify', sampleName);
  if (!sample.ok) throw new Error(`There is no sample ${sampleName}.`);
  const body = dateSample(sample.value, new Date()).body.toString('utf8');
  const signature = createHmac('sha256', SECRETS.shopify).update(body).digest('base64');
  return {
    body,
    headers: {
      'content-type': 'application/json',
      ...sample.value.headers,
      'x-shopify-hmac-sha256': signature,
    },
  };
}

/** Posts a webhook; returns the answer that its vendor would get. */
export async function post(
  url: string,
  { headers, body }: Webhook,
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(url, { method: 'POST', headers, body });
  return { status: answer.status, text: await answer.text() };
}
