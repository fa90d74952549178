import '@shopify/shopify-api/adapters/node';
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import * as octokit from '@octokit/webhooks-methods';
import { ApiVersion, shopifyApi } from '@shopify/shopify-api';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import { findProfile } from '../../lambdas/ingest/signature-profiles/profiles.ts';
import { verifySignature } from '../../lambdas/ingest/verify-signature.ts';
import { type Figure, figureOf } from '../figure.ts';
import { compareWork } from '../measure/in-process.ts';
import type { World } from '../world.ts';

const SECRET = 'whsec_bench';
const BASE64_SECRET = Buffer.from('k'.repeat(32)).toString('base64');
const KEY = createSecretKey(Buffer.from(SECRET));

/** P6: verification against one HMAC, and against the vendors' own libraries, in the same process. */
export async function measureVerification({ effort }: World): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [kilobytes, goal] of [
    [2, 1.2],
    [20, 1.05],
    [200, 1.05],
  ] as const) {
    const { floor: _, ours, ...libraries } = await compareWork(casesOf(kilobytes), 'floor', effort.work);
    const what = `verify ${kilobytes} KB / HMAC`;
    figures.push(figureOf({ id: 'P6', what, unit: 'x', goal, isHeld: true }, ours.ratio));
    for (const [library, { ratio }] of Object.entries(libraries)) {
      figures.push(figureOf({ id: 'P6', what: `${what}: ${library}`, unit: 'x' }, ratio));
    }
  }
  return figures;
}

function casesOf(kilobytes: number) {
  const body = JSON.stringify({ filling: 'x'.repeat(kilobytes * 1000) });
  const rawBody = Buffer.from(body);
  const receivedAt = new Date();
  const t = Math.floor(receivedAt.getTime() / 1000);
  const hex = createHmac('sha256', KEY).update(`${t}.${body}`).digest('hex');
  const header = `t=${t},v1=${hex}`;
  const scheme = findProfile('stripe')?.signature;
  if (scheme === undefined) throw new Error('There is no profile "stripe".');
  const request = {
    method: 'POST',
    headers: new Map([['stripe-signature', header]]),
    rawBody,
    receivedAt,
    secrets: [SECRET],
    url: undefined,
    query: '',
  };
  if (!verifySignature(scheme, request).ok) throw new Error('The signature does not verify.');
  return {
    floor: () => {
      const expected = createHmac('sha256', KEY).update(`${t}.`).update(rawBody).digest();
      return timingSafeEqual(expected, Buffer.from(hex, 'hex'));
    },
    ours: () => verifySignature(scheme, request),
    ...librariesOf(body, { t, header }),
  };
}

function librariesOf(body: string, stripe: { readonly t: number; readonly header: string }) {
  const { signature: verifier } = new Stripe('sk_test_bench').webhooks;
  const github = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  const signed = createHmac('sha256', Buffer.from(BASE64_SECRET, 'base64')).update(`m1.${stripe.t}.${body}`);
  const standard = { id: 'm1', timestamp: String(stripe.t), signature: `v1,${signed.digest('base64')}` };
  const headersOf = (prefix: string) =>
    Object.fromEntries(Object.entries(standard).map(([name, value]) => [`${prefix}-${name}`, value]));
  const svix = new SvixWebhook(BASE64_SECRET);
  const standardWebhook = new StandardWebhook(BASE64_SECRET);
  const shopify = shopifyCase(body);
  return {
    'stripe verifyHeader': () => verifier?.verifyHeader(body, stripe.header, SECRET, 300),
    svix: () => svix.verify(body, headersOf('svix')),
    standardwebhooks: () => standardWebhook.verify(body, headersOf('webhook')),
    '@octokit/webhooks-methods': () => octokit.verify(SECRET, body, github),
    '@shopify/shopify-api': shopify,
  };
}

function shopifyCase(rawBody: string): () => Promise<unknown> {
  const { webhooks } = shopifyApi({
    apiSecretKey: SECRET,
    apiKey: 'key',
    hostName: 'hooks.example.com',
    isEmbeddedApp: true,
    apiVersion: ApiVersion.January26,
    logger: { log: () => undefined },
  });
  const headers = {
    'X-Shopify-Hmac-Sha256': createHmac('sha256', SECRET).update(rawBody).digest('base64'),
    'X-Shopify-Topic': 'orders/create',
    'X-Shopify-Shop-Domain': 'a.myshopify.com',
    'X-Shopify-API-Version': '2026-01',
    'X-Shopify-Webhook-Id': 'w1',
  };
  const rawRequest = { method: 'POST', url: '/', headers };
  return () => webhooks.validate({ rawBody, rawRequest });
}
