import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import '@shopify/shopify-api/adapters/node';
import * as octokit from '@octokit/webhooks-methods';
import { ApiVersion, shopifyApi } from '@shopify/shopify-api';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import * as z from 'zod';
import { findProfile } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import { verifySignature } from '../../lambdas/ingest/signature/verify.ts';
import { compareWork } from '../measure.ts';

// A process of its own, started by verify.ts: measures one scheme with bodies of one size, and sends the figures to its parent.
const SECRET = 'whsec_bench';
const KEY = createSecretKey(Buffer.from(SECRET));
const BASE64_SECRET = Buffer.from('k'.repeat(32)).toString('base64');
const STANDARD_KEY = createSecretKey(Buffer.from(BASE64_SECRET, 'base64'));
const roundsSchema = z.object({ rounds: z.number(), milliseconds: z.number() });

const [profile, bytes, rounds = ''] = process.argv.slice(2);
const signed = signedCases(JSON.stringify({ filling: 'x'.repeat(Number(bytes)) })).find(
  (one) => one.profile === profile,
);
if (signed === undefined) throw new Error(`No vendor signs as "${profile}".`);
const work = { floor: signed.floor, ours: verifierOf(signed), ...signed.libraries };
process.send?.(await compareWork(work, 'floor', roundsSchema.parse(JSON.parse(rounds))));
process.disconnect();

/** Our verification of a signed request. Throws if it does not verify. */
function verifierOf({ profile, headers, secret, rawBody, receivedAt }: SignedCase): () => unknown {
  const scheme = findProfile(profile)?.signature;
  if (scheme === undefined) throw new Error(`There is no profile "${profile}".`);
  const request = {
    method: 'POST',
    headers: new Map(Object.entries(headers)),
    rawBody,
    receivedAt,
    secrets: [secret],
    url: undefined,
    query: '',
  };
  if (!verifySignature(scheme, request).ok) throw new Error(`The signature of ${profile} does not verify.`);
  return () => verifySignature(scheme, request);
}

/** A request that is signed, and those who can verify it. */
type SignedCase = {
  /** The signature profile that is its vendor's. */
  readonly profile: string;
  readonly rawBody: Buffer;
  readonly receivedAt: Date;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string;
  /** The one HMAC that it takes, and the comparison. */
  readonly floor: () => unknown;
  /** The vendor's own verification, by the name of its package. */
  readonly libraries: Readonly<Record<string, () => unknown>>;
};

/** The body as four vendors would sign it, who have libraries of their own for Node. */
function signedCases(body: string): readonly SignedCase[] {
  const rawBody = Buffer.from(body);
  const receivedAt = new Date();
  const seconds = Math.floor(receivedAt.getTime() / 1000);
  const common = { rawBody, receivedAt, secret: SECRET };
  return [
    { ...common, ...signedAsStripe(body, rawBody, seconds) },
    { ...common, ...signedAsGitHub(body, rawBody) },
    { ...common, secret: `whsec_${BASE64_SECRET}`, ...signedAsStandard(body, rawBody, seconds) },
    { ...common, ...signedAsShopify(body, rawBody) },
  ];
}

type Vendors = Omit<SignedCase, 'rawBody' | 'receivedAt' | 'secret'>;

function signedAsStripe(body: string, rawBody: Buffer, seconds: number): Vendors {
  const sent = createHmac('sha256', KEY).update(`${seconds}.${body}`).digest('hex');
  const header = `t=${seconds},v1=${sent}`;
  const { signature: verifier } = new Stripe('sk_test_bench').webhooks;
  return {
    profile: 'stripe',
    headers: { 'stripe-signature': header },
    floor: () => {
      const expected = createHmac('sha256', KEY).update(`${seconds}.`).update(rawBody).digest();
      return timingSafeEqual(expected, Buffer.from(sent, 'hex'));
    },
    libraries: { stripe: () => verifier?.verifyHeader(body, header, SECRET, 300) },
  };
}

function signedAsGitHub(body: string, rawBody: Buffer): Vendors {
  const sent = createHmac('sha256', KEY).update(body).digest('hex');
  return {
    profile: 'github',
    headers: { 'x-hub-signature-256': `sha256=${sent}` },
    floor: () => {
      const expected = createHmac('sha256', KEY).update(rawBody).digest();
      return timingSafeEqual(expected, Buffer.from(sent, 'hex'));
    },
    libraries: { '@octokit/webhooks-methods': () => octokit.verify(SECRET, body, `sha256=${sent}`) },
  };
}

function signedAsStandard(body: string, rawBody: Buffer, seconds: number): Vendors {
  const sent = createHmac('sha256', STANDARD_KEY).update(`m1.${seconds}.${body}`).digest('base64');
  const headers = {
    'webhook-id': 'm1',
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${sent}`,
  };
  const standard = new StandardWebhook(BASE64_SECRET);
  const svix = new SvixWebhook(BASE64_SECRET);
  return {
    profile: 'standard-webhooks',
    headers,
    floor: () => {
      const expected = createHmac('sha256', STANDARD_KEY).update(`m1.${seconds}.`).update(rawBody).digest();
      return timingSafeEqual(expected, Buffer.from(sent, 'base64'));
    },
    libraries: {
      standardwebhooks: () => standard.verify(body, headers),
      svix: () => svix.verify(body, headers),
    },
  };
}

function signedAsShopify(body: string, rawBody: Buffer): Vendors {
  const sent = createHmac('sha256', KEY).update(body).digest('base64');
  const { webhooks } = shopifyApi({
    apiSecretKey: SECRET,
    apiKey: 'key',
    hostName: 'hooks.example.com',
    isEmbeddedApp: true,
    apiVersion: ApiVersion.January26,
    logger: { log: () => undefined },
  });
  const headers = {
    'x-shopify-hmac-sha256': sent,
    'x-shopify-topic': 'orders/create',
    'x-shopify-shop-domain': 'a.myshopify.com',
    'x-shopify-api-version': '2026-01',
    'x-shopify-webhook-id': 'w1',
  };
  const rawRequest = { method: 'POST', url: '/', headers };
  return {
    profile: 'shopify',
    headers,
    floor: () => {
      const expected = createHmac('sha256', KEY).update(rawBody).digest();
      return timingSafeEqual(expected, Buffer.from(sent, 'base64'));
    },
    libraries: { '@shopify/shopify-api': () => webhooks.validate({ rawBody: body, rawRequest }) },
  };
}
