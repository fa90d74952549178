import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { findProfile } from '../../../../lambdas/ingest/signature/profiles/profiles.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

// Signed here as the vendors' documentation says, apart from the code under test.
const URL = 'https://hooks.example.com/webhooks/x';
const AT = new Date(1_700_000_000_000);

function judge(
  profile: string,
  body: string,
  secret: string,
  headers: Readonly<Record<string, string>> = {},
  url: string | undefined = URL,
) {
  const scheme = findProfile(profile)?.signature;
  if (scheme === undefined) throw new Error(`no profile ${profile}`);
  const request = {
    method: 'POST',
    url,
    query: url?.split('?')[1] ?? '',
    rawBody: Buffer.from(body),
    receivedAt: AT,
  };
  const verified = verifySignature(scheme, {
    ...request,
    headers: new Map(Object.entries(headers)),
    secrets: [secret],
  });
  return verified.ok ? ({ code: 'valid' } as const) : verified.failure;
}

function verify(...given: Parameters<typeof judge>) {
  return judge(...given).code;
}

/** The signed members of an item, the two of the amount together. */
const NAMES = [
  'pspReference',
  'originalReference',
  'merchantAccountCode',
  'merchantReference',
  'amount',
  'eventCode',
  'success',
];

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

  test.each([
    ['pspReference', '7914073381342285'],
    ['originalReference', 'x'],
    ['merchantAccountCode', 'x'],
    ['merchantReference', 'x'],
    ['amount', { value: 1130, currency: 'USD' }],
    ['eventCode', 'REFUND'],
    ['success', 'false'],
  ])('protects the member %s', (name, value) => {
    expect(verify('adyen-standard', body(item({ [name]: value })), KEY)).toBe('no-matching-secret');
  });

  test('signs what is missing as nothing, and numbers and booleans as text', () => {
    const hmacSignature = createHmac('sha256', Buffer.from(KEY, 'hex'))
      .update(':::5::::true')
      .digest('base64');
    const signed = (changes: object) =>
      body({ NotificationRequestItem: { amount: {}, additionalData: { hmacSignature }, ...changes } });
    const empty = createHmac('sha256', Buffer.from(KEY, 'hex')).update(':::::::').digest('base64');

    expect(verify('adyen-standard', signed({ additionalData: { hmacSignature: empty } }), KEY)).toBe('valid');
    expect(verify('adyen-standard', signed({ merchantReference: 5, success: true }), KEY)).toBe('valid');
    expect(verify('adyen-standard', signed({ additionalData: undefined }), KEY)).toBe('missing-member');
    expect(verify('adyen-standard', signed({ amount: 5 }), KEY)).toBe('malformed-member');
  });

  test.each(NAMES)('signs a %s that is null or missing as nothing', (name) => {
    const members = { pspReference: 'P', merchantReference: 'M', eventCode: 'E', success: 'true' };
    const text = ['P', '', '', 'M', '', '', 'E', 'true']
      .map((value, at) => (at === [0, 1, 2, 3, 4, 6, 7][NAMES.indexOf(name)] ? '' : value))
      .join(':');
    const hmacSignature = createHmac('sha256', Buffer.from(KEY, 'hex')).update(text).digest('base64');
    for (const value of [null, undefined]) {
      const changed = { ...members, additionalData: { hmacSignature }, [name]: value };
      expect(verify('adyen-standard', body({ NotificationRequestItem: changed }), KEY)).toBe('valid');
    }
  });

  test('refuses an item whose additional data are null', () => {
    const sent = body({ NotificationRequestItem: { additionalData: null } });

    expect(verify('adyen-standard', sent, KEY)).toBe('missing-member');
  });

  test.each([
    [
      [item({ additionalData: {} })],
      {
        code: 'missing-member',
        member: '/notificationItems/*/NotificationRequestItem/additionalData/hmacSignature',
      },
    ],
    [
      [item({ additionalData: { hmacSignature: '*' } })],
      {
        code: 'malformed-member',
        member: '/notificationItems/*/NotificationRequestItem/additionalData/hmacSignature',
        form: 'base64',
      },
    ],
    [
      [{}],
      {
        code: 'malformed-member',
        member: '/notificationItems',
        form: 'a list of {"NotificationRequestItem": {…}}',
      },
    ],
  ])('names what is wrong in %j', (items, failure) => {
    expect(judge('adyen-standard', body(...items), KEY)).toEqual(failure);
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

  test('names what is wrong', () => {
    const signature = { timestamp: 1700000000, token: 't1', signature: sign('t1') };

    expect(judge('mailgun', JSON.stringify({ signature }), 's1').code).toBe('valid');
    expect(judge('mailgun', '{}', 's1')).toEqual({
      code: 'malformed-member',
      member: '/signature',
      form: '{timestamp, token, signature}, the timestamp in seconds since 1970',
    });
    expect(judge('mailgun', JSON.stringify({ signature: { ...signature, signature: 'no' } }), 's1')).toEqual({
      code: 'malformed-member',
      member: '/signature/signature',
      form: 'hex',
    });
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

describe('Mandrill, in other requests', () => {
  const signature = (content: string) => createHmac('sha1', 's1').update(`${URL}${content}`).digest('base64');

  test.each([
    ['b=1&a=2', 'a2b1'],
    ['a=2&a=1&a=2', 'a2a1a2'],
    ['a=%C3%BC+x', 'aü x'],
    ['', ''],
  ])('the form %j is signed as %j', (form, content) => {
    expect(verify('mandrill', form, 's1', { 'x-mandrill-signature': signature(content) })).toBe('valid');
  });

  test('is refused where its signature is no base64, and is our mistake where the URL is not known', () => {
    const scheme = findProfile('mandrill')?.signature;

    expect(verify('mandrill', 'a=1', 's1', { 'x-mandrill-signature': '*' })).toBe('malformed-header');
    expect(scheme && verifySignature(scheme, NOWHERE)).toMatchObject({
      failure: { code: 'public-url-missing' },
    });
  });
});

const NOWHERE = {
  method: 'POST',
  query: '',
  rawBody: Buffer.from(''),
  receivedAt: new Date(0),
  headers: new Map(),
  secrets: ['s1'],
};

describe('Twilio', () => {
  const sign = (content: string) => createHmac('sha1', 's1').update(content).digest('base64');
  const form = (signed: string, contentType = 'application/x-www-form-urlencoded') => ({
    'content-type': contentType,
    'x-twilio-signature': sign(signed),
  });

  test('has to bind a body that is no form by its hash in the URL', () => {
    expect(judge('twilio', '{}', 's1', form(URL, 'application/json'))).toEqual({
      code: 'missing-query-parameter',
      parameter: 'bodySHA256',
    });
    expect(verify('twilio', 'a=1', 's1', form(`${URL}a1`, 'x/y; application/x-www-form-urlencoded'))).toBe(
      'missing-query-parameter',
    );
  });

  test('binds any body by its hash in the URL', () => {
    const hash = createHash('sha256').update('{}').digest('hex');
    const url = `${URL}?bodySHA256=${hash}`;

    expect(verify('twilio', '{}', 's1', form(url, 'application/json'), url)).toBe('valid');
    expect(judge('twilio', '{} ', 's1', form(url, 'application/json'), url)).toEqual({
      code: 'body-hash-differs',
      parameter: 'bodySHA256',
    });
  });

  test.each([
    ['b=1&a=2', 'a2b1'],
    ['a=2&a=1&a=2', 'a1a2'],
    ['', ''],
  ])('signs the form %j as %j', (body, content) => {
    expect(verify('twilio', body, 's1', form(`${URL}${content}`))).toBe('valid');
    expect(
      verify('twilio', body, 's1', form(`${URL}${content}`, 'Application/X-WWW-form-urlencoded; a=b')),
    ).toBe('valid');
    expect(verify('twilio', body, 's1', { 'x-twilio-signature': sign(`${URL}${content}`) })).toBe('valid');
  });

  test.each([
    // What API Gateway or a proxy escapes, and what Twilio's SDK writes anew.
    ['https://h/p?a=%27x%27', "https://h/p?a='x'"],
    ["https://h/p?a='x'", 'https://h/p?a=%27x%27'],
    ['https://h/p?a=x%20y', 'https://h/p?a=x y'],
    ['https://h/p?a=%28x%29', 'https://h/p?a=(x)'],
    ['https://h/p?a=%C3%BC', 'https://h/p?a=ü'],
    ['https://h/p?a=%FF', 'https://h/p?a=%FF'],
    ['https://h/p?a=%7Cb%7C', 'https://h:443/p?a=|b|'],
    ['https://h/p', 'https://h:443/p'],
    ['http://h/p', 'http://h:80/p'],
    ['https://h:443/p', 'https://h/p'],
    ['https://h:8443/p', 'https://h/p'],
    ['https://h:8443', 'https://h'],
    ['https://h:8443?a=1', 'https://h?a=1'],
    ['https://h/p:1', 'https://h:443/p:1'],
    ['https://h/ü', 'https://h/%C3%BC'],
    ['https://h/ü', 'https://h:443/%C3%BC'],
    ['https://h', 'https://h:443'],
    ['https://host.example/p', 'https://host.example:443/p'],
    ['https://host.example:8443/p', 'https://host.example/p'],
    ['http://host.example:8080/p', 'http://host.example/p'],
    ['https://u:1@host.example/p', 'https://u:1@host.example:443/p'],
  ])('may have written %s as %s', (url, signed) => {
    expect(verify('twilio', 'a=1', 's1', form(`${signed}a1`), url)).toBe('valid');
  });

  test.each([
    ['https://h/p', 'https://h:80/p'],
    ['http://h/p', 'http://h:443/p'],
    ['https://h:8443/p', 'https://h:443/p'],
    ['https://h/p:1', 'https://h/p'],
    ['https://h/p?u=http://i:2/', 'https://h/p?u=http://i/'],
    ['https://host.example:8443/p', 'https://host.example:8443:443/p'],
    ['x https://h/p', 'x https://h:443/p'],
    ['x https://h:1/p', 'x https://h/p'],
  ])('cannot have written %s as %s', (url, signed) => {
    expect(verify('twilio', 'a=1', 's1', form(`${signed}a1`), url)).toBe('no-matching-secret');
  });

  test('is refused without a signature, and is our mistake where the URL is not known', () => {
    const scheme = findProfile('twilio')?.signature;

    expect(verify('twilio', 'a=1', 's1')).toBe('missing-header');
    expect(verify('twilio', 'a=1', 's1', { 'x-twilio-signature': '*' })).toBe('malformed-header');
    expect(scheme && verifySignature(scheme, NOWHERE)).toMatchObject({
      failure: { code: 'public-url-missing' },
    });
  });
});

test.each([
  ['mailgun', 'utf8'],
  ['twilio', 'utf8'],
  ['mandrill', 'utf8'],
])('a secret of %s that was stored in hex is explained', (profile, configured) => {
  const sha1 = createHmac('sha1', 's1').update(`${URL}a1`).digest('base64');
  const signature = createHmac('sha256', 's1').update('1700000000t').digest('hex');
  const body =
    profile === 'mailgun'
      ? JSON.stringify({ signature: { timestamp: 1700000000, token: 't', signature } })
      : 'a=1';

  expect(judge(profile, body, '7331', { [`x-${profile}-signature`]: sha1 })).toEqual({
    code: 'wrong-secret-kind',
    secretIndex: 0,
    configured,
    matching: 'hex',
  });
});
