import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { findProfile } from '../../lambdas/ingest/signature-profiles/profiles.ts';
import { verifySignature } from '../../lambdas/ingest/verify-signature.ts';

// Signed here as the vendors' documentation says, apart from the code under test.
const URL = 'https://hooks.example.com/webhooks/x';

function verify(
  profile: string,
  body: string,
  secret: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const scheme = findProfile(profile)?.signature;
  if (scheme === undefined) throw new Error(`no profile ${profile}`);
  const request = {
    method: 'POST',
    url: URL,
    query: '',
    rawBody: Buffer.from(body),
    receivedAt: new Date(0),
  };
  const verified = verifySignature(scheme, {
    ...request,
    headers: new Map(Object.entries(headers)),
    secrets: [secret],
  });
  return verified.ok ? 'valid' : verified.failure.code;
}

describe('Adyen, item by item', () => {
  const KEY = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056';
  const item = (changes: object = {}) => {
    const signed = '7914073381342284::TestMerchant:TestPayment-1407325143704:1130:EUR:AUTHORISATION:true';
    const hmacSignature = createHmac('sha256', Buffer.from(KEY, 'hex')).update(signed).digest('base64');
    const NotificationRequestItem = {
      pspReference: '7914073381342284',
      merchantAccountCode: 'TestMerchant',
      merchantReference: 'TestPayment-1407325143704',
      amount: { value: 1130, currency: 'EUR' },
      eventCode: 'AUTHORISATION',
      success: 'true',
      additionalData: { hmacSignature },
      ...changes,
    };
    return { NotificationRequestItem };
  };
  const body = (...notificationItems: object[]) => JSON.stringify({ live: 'false', notificationItems });

  test('is valid when every item is', () => {
    expect(verify('adyen-standard', body(item()), KEY)).toBe('valid');
    expect(verify('adyen-standard', body(item(), item()), KEY)).toBe('valid');
  });

  test.each([
    [
      'an item whose amount was changed',
      [item(), item({ amount: { value: 1131, currency: 'EUR' } })],
      'no-matching-secret',
    ],
    ['an item without a signature', [item(), item({ additionalData: {} })], 'missing-member'],
    ['a signature that is no base64', [item({ additionalData: { hmacSignature: '*' } })], 'malformed-member'],
    ['no items', [], 'malformed-member'],
  ])('is refused for %s', (_, items, code) => {
    expect(verify('adyen-standard', body(...items), KEY)).toBe(code);
  });

  test('is refused, never thrown, for what is no JSON', () => {
    expect(verify('adyen-standard', '{', KEY)).toBe('malformed-member');
  });

  test('with a key that is no hex is our own mistake', () => {
    expect(verify('adyen-standard', body(item()), 'no hex')).toBe('secret-undecodable');
  });
});

describe('Mailgun, inside of the body', () => {
  const sign = (token: string) => createHmac('sha256', 's1').update(`1700000000${token}`).digest('hex');

  test('is valid for its own token alone', () => {
    const signature = { timestamp: '1700000000', token: 't1', signature: sign('t1') };

    expect(verify('mailgun', JSON.stringify({ signature }), 's1')).toBe('valid');
    expect(verify('mailgun', JSON.stringify({ signature: { ...signature, token: 't2' } }), 's1')).toBe(
      'no-matching-secret',
    );
  });

  test.each(['{}', '[]', 'no', '{"signature":{"timestamp":"1","token":"","signature":""}}'])(
    'is refused for %s',
    (body) => {
      expect(verify('mailgun', body, 's1')).toBe('malformed-member');
    },
  );
});

describe('Mandrill, over URL and sorted parameters', () => {
  const form = new URLSearchParams([
    ['zone', 'b'],
    ['mandrill_events', '[{"event":"send"}]'],
  ]).toString();
  const signature = createHmac('sha1', 's1')
    .update(`${URL}mandrill_events[{"event":"send"}]zoneb`)
    .digest('base64');

  test('is valid for these parameters alone', () => {
    expect(verify('mandrill', form, 's1', { 'x-mandrill-signature': signature })).toBe('valid');
    expect(verify('mandrill', `${form}&a=b`, 's1', { 'x-mandrill-signature': signature })).toBe(
      'no-matching-secret',
    );
    expect(verify('mandrill', form, 's1')).toBe('missing-header');
  });
});

describe('Twilio', () => {
  test('has to bind a body that is no form by its hash in the URL', () => {
    const signature = createHmac('sha1', 's1').update(URL).digest('base64');
    const headers = { 'content-type': 'application/json', 'x-twilio-signature': signature };

    expect(verify('twilio', '{}', 's1', headers)).toBe('missing-query-parameter');
  });
});
