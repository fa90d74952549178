import { createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { validateSignature } from '@line/bot-sdk';
import * as octokit from '@octokit/webhooks-methods';
import { Environment, Paddle } from '@paddle/paddle-node-sdk';
import { EventWebhook } from '@sendgrid/eventwebhook';
import { ApiVersion, shopifyApi } from '@shopify/shopify-api';
import '@shopify/shopify-api/adapters/node';
import fc from 'fast-check';
import { WebhooksHelper } from 'square';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import twilio from 'twilio';
import { findProfile } from '../../../../lambdas/ingest/signature/profiles/profiles.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

// The vendors' own libraries judge the same requests: what they sign is accepted here, what they refuse is refused.
const SECRET = 'a secret of the vendor';
const WHSEC = `whsec_${Buffer.from('a key of twenty-four byte').toString('base64')}`;
const now = () => Math.floor(Date.now() / 1000);

type Request = {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly url?: string;
  readonly secret?: string;
};

function accepts(profile: string, { headers, body, url, secret = SECRET }: Request): boolean {
  const scheme = findProfile(profile)?.signature;
  if (scheme === undefined) throw new Error(`no profile ${profile}`);
  const byName = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return verifySignature(scheme, {
    method: 'POST',
    url,
    query: url?.split('?')[1] ?? '',
    headers: new Map(byName),
    rawBody: Buffer.from(body),
    receivedAt: new Date(),
    secrets: [secret],
  }).ok;
}

/** Any well-formed text: a lone surrogate has no bytes that a sender could have signed. */
const anyBody = fc
  .oneof(fc.json(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
  .map((text) => text.toWellFormed());

async function agree(judge: (body: string, sent: string) => boolean | Promise<boolean>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(anyBody, anyBody, async (body, other) => {
      expect(await judge(body, body)).toBe(true);
      expect(await judge(body, other)).toBe(body === other);
    }),
    { numRuns: 40 },
  );
}

/** Some libraries refuse an empty body before they look at its signature. */
function filled(text: string): string {
  return `"${text}"`;
}

/** Whether a library accepts, whether it refuses by its answer or by an exception. */
async function succeeds(verify: () => unknown): Promise<boolean> {
  try {
    return (await verify()) !== false;
  } catch {
    return false;
  }
}

async function both(theirs: boolean | Promise<boolean>, ours: boolean): Promise<boolean> {
  expect(ours).toBe(await theirs);
  return ours;
}

function stripeLibrary() {
  const { signature, generateTestHeaderString } = new Stripe('sk_test_1').webhooks;
  if (signature === null) throw new Error('the library has no verifier');
  return {
    sign: (payload: string, timestamp: number) =>
      generateTestHeaderString({ payload, secret: SECRET, timestamp }),
    verify: (payload: string, header: string) => signature.verifyHeader(payload, header, SECRET, 300),
  };
}

/** Its verifier wants these headers beside the signature, and a body that is not empty. */
const SHOPIFY_HEADERS = {
  'X-Shopify-Topic': 'orders/create',
  'X-Shopify-Shop-Domain': 'a.myshopify.com',
  'X-Shopify-API-Version': '2026-01',
  'X-Shopify-Webhook-Id': 'w1',
};

function shopifyLibrary() {
  const { webhooks } = shopifyApi({
    apiSecretKey: SECRET,
    apiKey: 'key',
    hostName: 'hooks.example.com',
    isEmbeddedApp: true,
    apiVersion: ApiVersion.January26,
    logger: { log: () => undefined },
  });
  return {
    verify: async (rawBody: string, headers: Readonly<Record<string, string>>) => {
      const rawRequest = { method: 'POST', url: '/', headers };
      return (await webhooks.validate({ rawBody, rawRequest })).valid;
    },
  };
}

const SQUARE_URL = 'https://hooks.example.com/webhooks/square';

function squareVerifies(requestBody: string, signatureHeader: string, notificationUrl = SQUARE_URL) {
  return WebhooksHelper.verifySignature({
    requestBody,
    signatureHeader,
    signatureKey: SECRET,
    notificationUrl,
  });
}

function signSquare(body: string, url = SQUARE_URL): string {
  return createHmac('sha256', SECRET)
    .update(url + body)
    .digest('base64');
}

/** Changes that a careless comparison of base64 might not see, or that might make it throw. */
const anyTwist = fc.constantFrom<((signature: string) => string)[]>(
  (signature) => signature,
  (signature) => signature.toLowerCase(),
  (signature) => signature.replace(/=+$/, ''),
  (signature) => `${signature}=`,
  (signature) => signature.slice(0, -4),
  (signature) => `${signature}AAAA`,
  (signature) => signature.replaceAll('+', '-').replaceAll('/', '_'),
  () => 'é',
);

describe("the vendor's own library and the profile agree:", () => {
  test('stripe', async () => {
    const stripe = stripeLibrary();
    await agree((body, sent) => {
      const header = stripe.sign(filled(body), now());
      const theirs = succeeds(() => stripe.verify(filled(sent), header));
      const headers = { 'Stripe-Signature': header };
      return both(theirs, accepts('stripe', { headers, body: filled(sent) }));
    });
  });

  test('stripe differs for a timestamp from the future: its library looks at the past only', async () => {
    const stripe = stripeLibrary();
    const header = stripe.sign('{}', now() + 4000);

    expect(await succeeds(() => stripe.verify('{}', header))).toBe(true);
    expect(accepts('stripe', { headers: { 'Stripe-Signature': header }, body: '{}' })).toBe(false);
  });

  test('shopify', async () => {
    const shopify = shopifyLibrary();
    await agree((body, sent) => {
      const signature = createHmac('sha256', SECRET).update(filled(body)).digest('base64');
      const headers = { ...SHOPIFY_HEADERS, 'X-Shopify-Hmac-Sha256': signature };
      const theirs = shopify.verify(filled(sent), headers);
      return both(theirs, accepts('shopify', { headers, body: filled(sent) }));
    });
  });

  test('shopify, for signatures written in other ways', async () => {
    const shopify = shopifyLibrary();
    await fc.assert(
      fc.asyncProperty(anyBody.map(filled), anyTwist, async (body, twist) => {
        const signature = twist(createHmac('sha256', SECRET).update(body).digest('base64'));
        const headers = { ...SHOPIFY_HEADERS, 'X-Shopify-Hmac-Sha256': signature };

        expect(accepts('shopify', { headers, body })).toBe(
          await succeeds(() => shopify.verify(body, headers)),
        );
      }),
    );
  });

  test('square, for bodies and URLs', async () => {
    await agree((text, other) => {
      // Beside the URL, only JSON is taken: docs/decisions/0030.
      const [body, sent] = [JSON.stringify([text]), JSON.stringify([other])];
      const signature = signSquare(body);
      const headers = { 'x-square-hmacsha256-signature': signature };
      return both(
        squareVerifies(sent, signature),
        accepts('square', { headers, body: sent, url: SQUARE_URL }),
      );
    });
    await agree(async (one, other) => {
      const urlWith = (text: string) => `${SQUARE_URL}?a=${encodeURIComponent(text)}`;
      const signature = signSquare('{}', urlWith(one));
      const url = urlWith(other);
      const headers = { 'x-square-hmacsha256-signature': signature };
      return both(squareVerifies('{}', signature, url), accepts('square', { headers, body: '{}', url }));
    });
  });

  test('square, for signatures written in other ways, though its library compares by ===', async () => {
    await fc.assert(
      fc.asyncProperty(anyBody, anyTwist, async (text, twist) => {
        const body = JSON.stringify([text]);
        const signature = twist(signSquare(body));
        const headers = { 'x-square-hmacsha256-signature': signature };

        expect(accepts('square', { headers, body, url: SQUARE_URL })).toBe(
          await squareVerifies(body, signature),
        );
      }),
    );
  });

  test.each([
    ['standard-webhooks', 'webhook', new StandardWebhook(WHSEC)],
    ['svix', 'svix', new SvixWebhook(WHSEC)],
  ] as const)('%s', async (profile, prefix, library) => {
    await agree((text, other) => {
      // Both libraries read the body as JSON once it has verified.
      const [body, sent] = [JSON.stringify(text), JSON.stringify(other)];
      const headers = {
        [`${prefix}-id`]: 'msg_1',
        [`${prefix}-timestamp`]: String(now()),
        [`${prefix}-signature`]: library.sign('msg_1', new Date(), body),
      };
      const theirs = succeeds(() => library.verify(sent, headers));
      return both(theirs, accepts(profile, { headers, body: sent, secret: WHSEC }));
    });
  });

  test('github', async () => {
    await agree(async (body, sent) => {
      const signature = await octokit.sign(SECRET, filled(body));
      const theirs = succeeds(() => octokit.verify(SECRET, filled(sent), signature));
      const headers = { 'X-Hub-Signature-256': signature };
      return both(theirs, accepts('github', { headers, body: filled(sent) }));
    });
  });

  test('line', async () => {
    await agree((body, sent) => {
      const signature = createHmac('sha256', SECRET).update(body).digest('base64');
      const theirs = validateSignature(sent, SECRET, signature);
      return both(theirs, accepts('line', { headers: { 'x-line-signature': signature }, body: sent }));
    });
  });

  test('paddle', async () => {
    const { webhooks } = new Paddle('key', { environment: Environment.sandbox });
    await agree((body, sent) => {
      const timestamp = now();
      const h1 = createHmac('sha256', SECRET)
        .update(`${timestamp}:${filled(body)}`)
        .digest('hex');
      const header = `ts=${timestamp};h1=${h1}`;
      const theirs = succeeds(() => webhooks.isSignatureValid(filled(sent), SECRET, header));
      return both(theirs, accepts('paddle', { headers: { 'Paddle-Signature': header }, body: filled(sent) }));
    });
  });

  test('paddle differs for a header of several h1: its library keeps the last, any of them will do here', async () => {
    const { webhooks } = new Paddle('key', { environment: Environment.sandbox });
    const ts = now();
    const h1 = createHmac('sha256', SECRET).update(`${ts}:{}`).digest('hex');
    const judge = async (...signatures: readonly string[]) => {
      const header = [`ts=${ts}`, ...signatures.map((signature) => `h1=${signature}`)].join(';');
      const theirs = await succeeds(() => webhooks.isSignatureValid('{}', SECRET, header));
      return { theirs, ours: accepts('paddle', { headers: { 'Paddle-Signature': header }, body: '{}' }) };
    };
    const other = '0'.repeat(64);

    expect(await judge(other, h1)).toEqual({ theirs: true, ours: true });
    expect(await judge(h1, other)).toEqual({ theirs: false, ours: true });
    expect(await judge(other, other)).toEqual({ theirs: false, ours: false });
  });

  test('sendgrid', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const secret = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const library = new EventWebhook();
    const key = library.convertPublicKeyToECDSA(secret);
    await agree((body, sent) => {
      const timestamp = String(now());
      const signature = signBytes('sha256', Buffer.from(timestamp + body), privateKey).toString('base64');
      const theirs = succeeds(() => library.verifySignature(key, sent, signature, timestamp));
      const headers = {
        'X-Twilio-Email-Event-Webhook-Signature': signature,
        'X-Twilio-Email-Event-Webhook-Timestamp': timestamp,
      };
      return both(theirs, accepts('sendgrid', { headers, body: sent, secret }));
    });
  });

  test('twilio, for forms and spellings of the URL', async () => {
    const anyForm = fc.dictionary(
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      {
        noNullPrototype: true,
      },
    );
    const anyUrl = fc
      .record({
        scheme: fc.constantFrom('http', 'https'),
        port: fc.constantFrom('', ':80', ':443', ':8080'),
        path: fc.constantFrom('', '/', '/a.php', "/a?b=It's+c&d=%C3%BC"),
      })
      .map(({ scheme, port, path }) => `${scheme}://example.com${port}${path}`);
    await fc.assert(
      fc.asyncProperty(anyForm, anyUrl, anyUrl, async (form, url, other) => {
        const signature = twilio.getExpectedTwilioSignature(SECRET, url, form);
        const body = new URLSearchParams(form).toString();
        const headers = {
          'content-type': 'application/x-www-form-urlencoded',
          'X-Twilio-Signature': signature,
        };
        const params = Object.fromEntries(new URLSearchParams(body));

        expect(accepts('twilio', { headers, body, url })).toBe(true);
        expect(accepts('twilio', { headers, body, url: other })).toBe(
          await succeeds(() => twilio.validateRequest(SECRET, signature, other, params)),
        );
      }),
      { numRuns: 200 },
    );
  });
});
