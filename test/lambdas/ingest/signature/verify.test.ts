import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shopifySignature, stripeSignature } from '../../../../bench/events.ts';
import { findProfile } from '../../../../lambdas/ingest/signature/profiles/profiles.ts';
import type { SignatureScheme } from '../../../../lambdas/ingest/signature/scheme.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

const NOW = 1_700_000_000;
const BODY = '{"id":"evt_1","name":"Zoë \\u001b 😀"}\r\n';

function schemeOf(name: string): SignatureScheme {
  const profile = findProfile(name);
  if (profile === undefined) throw new Error(`no profile ${name}`);
  return profile.signature;
}

const STRIPE = schemeOf('stripe');
const SHOPIFY = schemeOf('shopify');
const POST = { method: 'POST', query: '' };

function verifyStripe(header: string | undefined, { secrets = ['s1'], body = BODY, now = NOW } = {}) {
  return verifySignature(STRIPE, {
    ...POST,
    headers: new Map(header === undefined ? [] : [['stripe-signature', header]]),
    rawBody: Buffer.from(body),
    receivedAt: new Date(now * 1000),
    secrets,
  });
}

function verifyShopify(header: string, secrets = ['s1'], body = BODY) {
  return verifySignature(SHOPIFY, {
    ...POST,
    headers: new Map([['x-shopify-hmac-sha256', header]]),
    rawBody: Buffer.from(body),
    receivedAt: new Date(NOW * 1000),
    secrets,
  });
}

describe('a Stripe signature', () => {
  test('is accepted with the index of the secret that made it', () => {
    const header = stripeSignature(BODY, 'older', NOW);

    expect(verifyStripe(header, { secrets: ['newest', 'older'] })).toEqual({
      ok: true,
      value: { secretIndex: 1 },
    });
  });

  test('is accepted if any one of its v1 parts matches, in either case, with spaces after the commas', () => {
    const [t = '', v1 = ''] = stripeSignature(BODY, 's1', NOW).split(',');
    const header = [t, 'v1=00', v1.toUpperCase().replace('V1', 'v1')].join(', ');

    expect(verifyStripe(header).ok).toBe(true);
  });

  test('is refused when only its v0 part matches, which is a decoy of the test mode', () => {
    expect(verifyStripe(stripeSignature(BODY, 's1', NOW).replace('v1=', 'v0=')).ok).toBe(false);
  });

  test.each([
    [300, true],
    [301, false],
    [-300, true],
    [-301, false],
  ])('that is %d seconds old is within the tolerance: %s', (age, isWithin) => {
    expect(verifyStripe(stripeSignature(BODY, 's1', NOW - age)).ok).toBe(isWithin);
  });

  test('that is too old is refused with its age', () => {
    expect(verifyStripe(stripeSignature(BODY, 's1', NOW - 400))).toEqual({
      ok: false,
      failure: { code: 'timestamp-too-old', skewSeconds: 400, toleranceSeconds: 300 },
    });
  });

  test('from the future is refused with its lead', () => {
    expect(verifyStripe(stripeSignature(BODY, 's1', NOW + 400))).toEqual({
      ok: false,
      failure: { code: 'timestamp-in-future', skewSeconds: 400, toleranceSeconds: 300 },
    });
  });

  test('that was sent twice is refused, as API Gateway joins repeated headers', () => {
    const header = stripeSignature(BODY, 's1', NOW);

    expect(verifyStripe(`${header},${header}`)).toEqual({
      ok: false,
      failure: { code: 'repeated-header', header: 'stripe-signature', found: 2 },
    });
  });

  test.each([undefined, '', '   '])('that is missing (%j) is named', (header) => {
    expect(verifyStripe(header)).toEqual({
      ok: false,
      failure: { code: 'missing-header', header: 'stripe-signature' },
    });
  });

  test.each([
    'nonsense',
    't=,v1=00',
    't=1e9,v1=00',
    `t=${NOW}`,
    `t=${NOW},v1=`,
    `t=${NOW},v1=xyz`,
    't=-1,v1=00',
  ])('that reads %j is malformed', (header) => {
    expect(verifyStripe(header)).toMatchObject({ ok: false, failure: { code: 'malformed-header' } });
  });

  test('made with another secret is refused with the number of secrets tried', () => {
    const header = stripeSignature(BODY, 'forged', NOW);

    expect(verifyStripe(header, { secrets: ['s1', 's2'] })).toEqual({
      ok: false,
      failure: { code: 'no-matching-secret', secretsTried: 2 },
    });
  });
});

describe('a Shopify signature', () => {
  test('is accepted with the index of the secret that made it', () => {
    expect(verifyShopify(shopifySignature(BODY, 'older'), ['newest', 'older'])).toEqual({
      ok: true,
      value: { secretIndex: 1 },
    });
  });

  test('in another letter case is refused', () => {
    const signature = shopifySignature(BODY, 's1');

    expect(verifyShopify(signature.toLowerCase()).ok).toBe(false);
  });

  test('that was sent twice is malformed', () => {
    const signature = shopifySignature(BODY, 's1');

    expect(verifyShopify(`${signature},${signature}`)).toMatchObject({
      failure: { code: 'malformed-header' },
    });
  });
});

describe('any signature', () => {
  test('no longer verifies once a single byte of the body has changed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (body, at, flip) => {
          const changed = Uint8Array.from(body);
          const index = at % body.length;
          changed[index] = (changed[index] ?? 0) ^ flip;
          const headers = new Map([['stripe-signature', stripeSignature(body, 's1', NOW)]]);
          const request = { headers, receivedAt: new Date(NOW * 1000), secrets: ['s1'] };

          expect(verifySignature(STRIPE, { ...POST, ...request, rawBody: body }).ok).toBe(true);
          expect(verifySignature(STRIPE, { ...POST, ...request, rawBody: changed }).ok).toBe(false);
        },
      ),
    );
  });

  test('of any text gives a value, never an exception', () => {
    // By itself: fast-check's unit 'binary' takes a second to prepare.
    const unit = fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point));
    fc.assert(
      fc.property(fc.string({ unit }), (header) => {
        expect(verifyStripe(header).ok).toBe(false);
        expect(verifyShopify(header).ok).toBe(false);
      }),
    );
  });
});
