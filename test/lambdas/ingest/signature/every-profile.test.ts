import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { findProfile, PROFILE_NAMES } from '../../../../lambdas/ingest/signature/profiles/profiles.ts';
import type { SignatureScheme } from '../../../../lambdas/ingest/signature/scheme.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';
import { signWebhook } from '../../../../signing/sign-webhook.ts';
import { signableBody } from '../signable-body.ts';

const NOW = new Date('2026-11-24T09:30:00Z');
const URL = 'https://hooks.example.com/webhooks/x?a=1';
const SECRETS: Readonly<Record<string, string>> = {
  utf8: 'a secret',
  base64: Buffer.from('a key of bytes').toString('base64'),
  hex: '00ff10',
};

const WANTED = (
  'stripe shopify github standard-webhooks svix woocommerce square slack hubspot-v3 bigcommerce typeform calendly ' +
  'paddle zendesk intercom klaviyo recurly razorpay meta zoom sendgrid adyen-platform gocardless line workos wise ' +
  'chargebee mailchimp segment twilio mandrill adyen-standard mailgun ' +
  'paypal mollie checkout-com lemon-squeezy paystack xero quickbooks squarespace aftership shippo easypost onfleet cal-com clerk ' +
  'docusign auth0'
).split(' ');

const SCHEMES = PROFILE_NAMES.map((name) => [name, findProfile(name)?.signature] as const);
const HMACS = SCHEMES.flatMap(([name, scheme]) =>
  scheme?.kind === 'hmac' || scheme?.kind === 'hash' ? [[name, scheme] as const] : [],
);

function secretFor(scheme: SignatureScheme): string {
  return ('secretEncoding' in scheme ? SECRETS[scheme.secretEncoding] : undefined) ?? 'a secret';
}

function sign(scheme: SignatureScheme, rawBody: Uint8Array): Readonly<Record<string, string>> {
  const signed = signWebhook(scheme, { secret: secretFor(scheme), url: URL, rawBody, at: NOW, id: 'msg_1' });
  if (!signed.ok) throw new Error(signed.failure);
  return signed.value.headers;
}

function verify(scheme: SignatureScheme, headers: Readonly<Record<string, string>>, rawBody: Uint8Array) {
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const secrets = ['another secret', secretFor(scheme)];
  const request = { method: 'POST', url: URL, query: 'a=1', headers: byName, rawBody };
  return verifySignature(scheme, { ...request, receivedAt: NOW, secrets });
}

test('there is a profile for every vendor that was promised', () => {
  expect(WANTED.filter((name) => !PROFILE_NAMES.includes(name))).toEqual([]);
  expect(PROFILE_NAMES.length).toBeGreaterThanOrEqual(54);
});

describe.each(HMACS)('%s', (_, scheme) => {
  test('accepts what its options sign, and names the secret that signed it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const body = signableBody(scheme, bytes);

        expect(verify(scheme, sign(scheme, body), body)).toEqual({ ok: true, value: { secretIndex: 1 } });
      }),
      { numRuns: 20 },
    );
  });

  test('refuses it once a single byte of the body has changed', () => {
    const byte = fc.integer({ min: 1, max: 255 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.nat(), byte, (body, at, flip) => {
        const changed = Uint8Array.from(body);
        const index = at % body.length;
        changed[index] = (changed[index] ?? 0) ^ flip;

        expect(verify(scheme, sign(scheme, body), changed).ok).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test('refuses it once a single character of a header that it reads has changed', () => {
    const body = Buffer.from('{"type":"x"}');
    const headers = sign(scheme, body);
    for (const [name, value] of Object.entries(headers)) {
      for (let index = 0; index < value.length; index += 1) {
        // Hex may be in either case, and white space around a part does not count.
        const other = value[index] === '1' ? '2' : '1';
        const changed = `${value.slice(0, index)}${other}${value.slice(index + 1)}`;

        expect([name, changed, verify(scheme, { ...headers, [name]: changed }, body).ok]).toEqual([
          name,
          changed,
          false,
        ]);
      }
    }
  });

  test('refuses any text in its headers with a value, never an exception', () => {
    const names = Object.keys(sign(scheme, Buffer.from('{}')));
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 3, maxLength: 3 }), (texts) => {
        const headers = Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));

        expect(verify(scheme, headers, Buffer.from('{}')).ok).toBe(false);
      }),
    );
  });
});
