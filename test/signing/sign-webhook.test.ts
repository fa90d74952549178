import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import twilioLibrary from 'twilio';
import { profileOf, readRecipes } from '../../bin/vendors.ts';
import { findProfile, PROFILE_NAMES } from '../../lambdas/ingest/signature/profiles/profiles.ts';
import {
  type SignatureScheme,
  signatureSchemeSchema,
  uncoveredBody,
} from '../../lambdas/ingest/signature/scheme.ts';
import { verifySignature } from '../../lambdas/ingest/signature/verify.ts';
import { changeValue, type Flaws, signFlawed } from '../../signing/flawed-webhook.ts';
import { type Signed, signWebhook, type ToSign } from '../../signing/sign-webhook.ts';

const URL = 'https://hooks.example.com/webhooks/x';
const AT = new Date('2026-11-24T09:30:00Z');
const FORM = 'application/x-www-form-urlencoded';
const HEX = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056';

const ADYEN = JSON.stringify({
  live: 'false',
  notificationItems: [
    {
      NotificationRequestItem: { pspReference: '1', amount: { value: 5, currency: 'EUR' }, success: 'true' },
    },
    {
      NotificationRequestItem: {
        amount: { value: 7, currency: 'EUR' },
        additionalData: { hmacSignature: 'captured', kept: '1' },
      },
    },
  ],
});

function schemeOf(name: string): SignatureScheme {
  const scheme = findProfile(name)?.signature;
  if (scheme === undefined) throw new Error(`no profile ${name}`);
  return scheme;
}

function toSign(body: string, contentType?: string, secret = HEX): ToSign {
  return { secret, url: URL, rawBody: Buffer.from(body), contentType, at: AT, id: 'msg_1' };
}

/** Ingest's verdict on a request as it would be sent. */
function judge(scheme: SignatureScheme, { headers, query, rawBody }: Signed, contentType?: string): string {
  const sent = { ...(contentType === undefined ? {} : { 'content-type': contentType }), ...headers };
  const verified = verifySignature(scheme, {
    method: 'POST',
    url: query === '' ? URL : `${URL}?${query}`,
    query,
    headers: new Map(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value])),
    rawBody,
    receivedAt: AT,
    secrets: [HEX],
  });
  return verified.ok ? 'valid' : verified.failure.code;
}

function send(profile: string, body: string, contentType?: string, flaws: Flaws = {}): string {
  const signed = signFlawed(schemeOf(profile), toSign(body, contentType), flaws);
  return signed.ok ? judge(schemeOf(profile), signed.value, contentType) : signed.failure;
}

const CASES: readonly (readonly [profile: string, body: string, contentType: string])[] = [
  ['twilio', 'To=%2B1&From=&Body=a+b&Body=c', FORM],
  ['twilio', '{"a":1}', 'application/json'],
  ['mandrill', 'mandrill_events=%5B%5D&a=1', FORM],
  ['adyen-standard', ADYEN, 'application/json'],
  ['mailgun', '{"event-data":{"event":"opened"}}', 'application/json'],
  ['mailgun', '{"signature":{"token":"captured"},"event-data":{}}', 'application/json'],
];

describe('what is signed as a plug-in verifies', () => {
  test.each(CASES)('%s accepts for %s', (profile, body, contentType) => {
    expect(send(profile, body, contentType)).toBe('valid');
  });

  test('for Twilio is what its own library signs', () => {
    const anyForm = fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { noNullPrototype: true });
    fc.assert(
      fc.property(anyForm, (form) => {
        const signed = signWebhook(schemeOf('twilio'), toSign(new URLSearchParams(form).toString(), FORM));

        expect(signed).toMatchObject({
          value: {
            headers: { 'X-Twilio-Signature': twilioLibrary.getExpectedTwilioSignature(HEX, URL, form) },
          },
        });
      }),
    );
  });

  test('for Twilio keeps a query that the URL has', () => {
    const signed = signWebhook(schemeOf('twilio'), {
      ...toSign('{}', 'application/json'),
      url: `${URL}?a=1`,
    });

    const hash = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
    const content = `${URL}?a=1&bodySHA256=${hash}`;
    expect(signed).toMatchObject({
      value: {
        query: `bodySHA256=${hash}`,
        headers: { 'X-Twilio-Signature': createHmac('sha1', HEX).update(content).digest('base64') },
      },
    });
  });

  test('for Adyen and Mailgun differs from the sample by the signature alone', () => {
    const adyen = signWebhook(schemeOf('adyen-standard'), toSign(ADYEN));
    const mailgun = signWebhook(schemeOf('mailgun'), toSign('{"event-data":{"id":"e1"}}'));

    const signature = expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/);
    expect(read(adyen)).toEqual({
      live: 'false',
      notificationItems: [
        {
          NotificationRequestItem: {
            pspReference: '1',
            amount: { value: 5, currency: 'EUR' },
            success: 'true',
            additionalData: { hmacSignature: signature },
          },
        },
        {
          NotificationRequestItem: {
            amount: { value: 7, currency: 'EUR' },
            additionalData: { hmacSignature: signature, kept: '1' },
          },
        },
      ],
    });
    expect(read(mailgun)).toEqual({
      'event-data': { id: 'e1' },
      signature: {
        timestamp: '1795512600',
        token: 'msg_1',
        signature: createHmac('sha256', HEX).update('1795512600msg_1').digest('hex'),
      },
    });
  });

  test.each([
    ['adyen-standard', '{"notificationItems":[]}', 'The body is no list of notificationItems'],
    [
      'adyen-standard',
      '{"notificationItems":[{"NotificationRequestItem":{"amount":5}}]}',
      'The body is no list',
    ],
    ['adyen-standard', 'no JSON', 'The body is no list of notificationItems'],
    ['mailgun', '[]', 'The body is no JSON object.'],
    ['mailgun', '{', 'The body is no JSON object.'],
  ])('is nothing where %s could not have sent %s', (profile, body, sentence) => {
    expect(send(profile, body)).toContain(sentence);
  });

  test('is nothing by a secret that cannot be read', () => {
    expect(signWebhook(schemeOf('adyen-standard'), toSign(ADYEN, undefined, 'no hex'))).toEqual({
      ok: false,
      failure: 'The signing secret cannot be read as hex.',
    });
  });
});

describe('a flaw of what has options of its own', () => {
  const jwt = {
    kind: 'jwt',
    algorithm: 'HS256',
    secretEncoding: 'utf8',
    token: { header: 'x-token' },
    toleranceSeconds: 9,
    unboundBody: true,
  };
  const sent = { secret: 's1', url: 'https://h/p', rawBody: Buffer.from('{}'), at: new Date(0), id: 'i' };

  test('is an old token, and no changed body where that is not signed', () => {
    const scheme = signatureSchemeSchema.parse(jwt);

    const stale = signFlawed(scheme, { ...sent, at: new Date('2026-11-24T09:30:00Z') }, { stale: true });

    const [, claims = ''] = (stale.ok ? (stale.value.headers['x-token'] ?? '') : '').split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iat: 1795512600 - 69 });
    expect(signFlawed(scheme, sent, { tamper: true })).toMatchObject({
      failure: 'A changed body is accepted: unboundBody says that the signature leaves it out.',
    });
  });
});

/** Schemes whose secret is a text of hex digits, as profiles and recipes have them. */
const SIGNABLE = [
  ...PROFILE_NAMES.map((name) => [name, schemeOf(name)] as const),
  ...readRecipes().map((recipe) => [recipe.vendor, profileOf(recipe).signature] as const),
].filter(([, scheme]) => signWebhook(scheme, toSign('{"a":[{"b":"c"}]}')).ok);

describe('a changed body', () => {
  test.each(SIGNABLE)('is JSON still, and refused for its signature or not sent: %s', (_, scheme) => {
    const signed = signFlawed(scheme, toSign('{"a":[{"b":"c"}]}', 'application/json'), { tamper: true });

    if (!signed.ok) {
      expect(uncoveredBody(scheme)).toEqual(expect.any(String));
      expect(signed.failure).toBe(`A changed body is accepted: ${uncoveredBody(scheme)}.`);
      return;
    }
    expect(() => JSON.parse(Buffer.from(signed.value.rawBody).toString())).not.toThrow();
    expect(judge(scheme, signed.value, 'application/json')).toMatch(
      /^(no-matching-secret|body-hash-differs)$/,
    );
  });

  test('covers most schemes', () => {
    expect(SIGNABLE.length).toBeGreaterThan(55);
  });

  test.each([
    ['{"id":820982911946154508,"a/b~":[{"n":1.50}]}', '{"id":0,"a/b~":[{"n":1.50}]}'],
    ['{"at":"1","a/b~":["x"]}', '{"at":"1","a/b~":["x!"]}'],
    ['{"at":"1","n":0}', '{"at":"1","n":1}'],
    ['[]', '["!"]'],
    ['{"on":true}', '{"on":true,"changed":"!"}'],
    ['a=b&c=d', 'a=b&c=d!'],
    ['<xml/>', '<xml/>!'],
  ])('of %s is %s', (body, changed) => {
    expect(Buffer.from(changeValue(Buffer.from(body), ['/at'])).toString()).toBe(changed);
  });
});

describe('a pattern', () => {
  const writeBy = (pick: string, split?: string) => {
    const scheme = signatureSchemeSchema.parse({
      encoding: 'hex',
      signature: { header: 'x-sig', pick, ...(split && { split }) },
    });
    const signed = signWebhook(scheme, toSign('{}'));
    if (!signed.ok) return signed.failure;
    expect(judge(scheme, signed.value)).toBe('valid');
    return signed.value.headers['x-sig']?.replaceAll(/[0-9a-fA-F]{64}/g, 'SIG');
  };

  test.each([
    ['^[^/]+/SHA256/([0-9a-fA-F]+)$', ',', '1/SHA256/SIG'],
    ['^[0-9]+/SHA256/(.+)$', ',', '1/SHA256/SIG'],
    ['^keyId=\\d{4},v1=([0-9a-f]{64})$', undefined, 'keyId=1111,v1=SIG'],
    ['^sig=([0-9A-F]{64})$', undefined, 'sig=SIG'],
    ['(?:^|;)(?:v0|v1)=(\\w+)', ';', 'v0=SIG'],
    ['^(?:t=[0-9]+ )?v1=(.*)$', undefined, 'v1=SIG'],
    ['^(?:none|v1:(.+))$', undefined, 'v1:SIG'],
    ['^[^1a]*[^1a]:(.+)$', undefined, 'A:SIG'],
    ['^[_-]v1=(.+)$', '-', '_v1=SIG'],
    ['^.+=(.+)$', undefined, '1=SIG'],
  ])('%s, split at %s, is written as %s', (pick, split, written) => {
    expect(writeBy(pick, split)).toBe(written);
  });

  test('that takes no signature says so, what can be written, and how to sign by hand', () => {
    expect(writeBy('^(?=x)v1=([0-9]{3})$')).toMatch(
      /^How x-sig is written cannot be told from the pattern .*\$\. Use fixed text, .*openssl.*docs\/add-a-source\.md/,
    );
  });
});

describe('a flaw shows that ingest refuses it:', () => {
  test.each([
    ['twilio', 0, 'no-matching-secret', 'missing-header'],
    ['twilio', 1, 'body-hash-differs', 'missing-header'],
    ['mandrill', 2, 'no-matching-secret', 'missing-header'],
    ['adyen-standard', 3, 'no-matching-secret', 'missing-member'],
    ['mailgun', 4, 'no-matching-secret', 'malformed-member'],
    ['mailgun', 5, 'no-matching-secret', 'malformed-member'],
  ])('%s (case %d) is %s when changed and %s when unsigned', (_, index, tampered, unsigned) => {
    const [profile = '', body = '', contentType] = CASES[index] ?? [];

    expect(send(profile, body, contentType, { tamper: true })).toBe(tampered);
    expect(send(profile, body, contentType, { unsigned: true })).toBe(unsigned);
  });

  test.each(CASES)(
    '%s has no limit of age, so that none of its webhooks is too old',
    (profile, body, type) => {
      expect(send(profile, body, type, { stale: true })).toContain('cannot be too old');
    },
  );

  test('stripe is too old, changed, unsigned', () => {
    expect(send('stripe', '{}', 'application/json')).toBe('valid');
    expect(send('stripe', '{}', 'application/json', { stale: true })).toBe('timestamp-too-old');
    expect(send('stripe', '{}', 'application/json', { tamper: true })).toBe('no-matching-secret');
    expect(send('stripe', '{}', 'application/json', { unsigned: true })).toBe('missing-header');
  });
});

function read(signed: ReturnType<typeof signWebhook>): unknown {
  return signed.ok ? JSON.parse(Buffer.from(signed.value.rawBody).toString()) : signed;
}
