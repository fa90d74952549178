import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { findProfile } from '../../../../lambdas/ingest/signature/profiles/profiles.ts';
import { verifySignature } from '../../../../lambdas/ingest/signature/verify.ts';

// Plug-ins read bodies before they are verified.
const URL = 'https://hooks.example.com/webhooks/x';
const AT = new Date(1_770_920_772_000);
const TOKEN = 'e0b5477167110d68991efc6b9f89f0a11066af27834600e123';

function judge(
  profile: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  receivedAt = AT,
) {
  const scheme = findProfile(profile)?.signature;
  if (scheme === undefined) throw new Error(`no profile ${profile}`);
  const byName = new Map(Object.entries(headers));
  const rawBody = Buffer.from(body);
  const request = { method: 'POST', url: URL, query: '', headers: byName, rawBody, receivedAt };
  const verified = verifySignature(scheme, { ...request, secrets: ['00ff'] });
  return verified.ok ? verified.value : verified.failure;
}

const sign = (algorithm: string, content: string) => createHmac(algorithm, '00ff').update(content);

describe('a body is read up to a limit of bytes before it is verified:', () => {
  const KB_256 = 256 * 1024;

  test.each([
    ['mailgun', '{}', KB_256],
    ['adyen-standard', '{}', KB_256],
    ['twilio', 'a=1', KB_256],
    ['mandrill', 'a=1', 6 * 1024 * 1024],
  ])('%s', (profile, body, limitBytes) => {
    const headers = { [`x-${profile}-signature`]: 'AAAA' };
    const padded = (bytes: number) => `${body}${' '.repeat(bytes - body.length)}`;

    expect(judge(profile, padded(limitBytes), headers)).not.toMatchObject({
      code: 'unverified-body-too-large',
    });
    expect(judge(profile, padded(limitBytes + 1), headers)).toEqual({
      code: 'unverified-body-too-large',
      bytes: limitBytes + 1,
      limitBytes,
    });
  });

  test.each(['twilio', 'mandrill'])('and of fields: %s', (profile) => {
    const headers = { [`x-${profile}-signature`]: 'AAAA' };

    expect(judge(profile, 'a&'.repeat(1_000), headers)).toMatchObject({ code: 'wrong-signature-length' });
    expect(judge(profile, 'a&'.repeat(1_001), headers)).toEqual({ code: 'too-many-fields', limit: 1_000 });
  });

  test.each(['twilio', 'mandrill'])('but not at all without a signature: %s', (profile) => {
    expect(judge(profile, 'a&'.repeat(1_001))).toMatchObject({ code: 'missing-header' });
  });
});

describe('Mailgun', () => {
  const body = (timestamp: unknown, token: unknown, signed = `${timestamp}${token}`) =>
    JSON.stringify({ signature: { timestamp, token, signature: sign('sha256', signed).digest('hex') } });

  test('gives the token as the id', () => {
    expect(judge('mailgun', body('1770920772', TOKEN))).toEqual({ secretIndex: 0, signedId: TOKEN });
    expect(judge('mailgun', body(1770920772, TOKEN))).toEqual({ secretIndex: 0, signedId: TOKEN });
  });

  test.each([
    ['177092077', `2${TOKEN}`],
    ['1770920772e', TOKEN.slice(1)],
    ['1', `770920772${TOKEN}`],
    ['', `1770920772${TOKEN}`],
  ])('refuses the timestamp %j before the token %j, though both together are signed', (timestamp, token) => {
    expect(judge('mailgun', body(timestamp, token, `1770920772${TOKEN}`))).toMatchObject({
      code: 'malformed-member',
    });
  });

  test.each([
    [86_400, undefined],
    [86_401, 'timestamp-too-old'],
    [-300, undefined],
    [-301, 'timestamp-in-future'],
  ])('of %d seconds ago is judged %s', (seconds, code) => {
    const receivedAt = new Date(AT.getTime() + seconds * 1000);

    expect(judge('mailgun', body('1770920772', TOKEN), {}, receivedAt)).toMatchObject(
      code === undefined ? { secretIndex: 0 } : { code },
    );
  });
});

describe.each(['twilio', 'mandrill'])('%s', (profile) => {
  const signed = `${URL}aü x_yb2`;
  const headers = { [`x-${profile}-signature`]: sign('sha1', signed).digest('base64') };

  test.each([
    'a=%C3%BC+x_y&b=2',
    'b=2&a=%C3%BC+x_y',
    '&a=%C3%BC+x_y&&b=2&',
    'a=%C3%BC%20x%5Fy&%62=2',
    'a=ü x_yb2',
    'a=ü x_y&b2',
  ])('has one id for the form %j', (form) => {
    const id = judge(profile, 'a=%C3%BC+x_y&b=2', headers);

    expect(id).toEqual({ secretIndex: 0, signedId: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(judge(profile, form, headers)).toEqual(id);
  });
});

describe('Adyen', () => {
  const item = {
    pspReference: 'p1',
    originalReference: '',
    merchantAccountCode: 'm',
    merchantReference: 'order:1',
    amount: { value: 5, currency: 'EUR' },
    eventCode: 'CAPTURE',
    success: 'true',
  };
  const body = (changes: object) => {
    const hmacSignature = createHmac('sha256', Buffer.from('00ff', 'hex'))
      .update('p1::m:order:1:5:EUR:CAPTURE:true')
      .digest('base64');
    const NotificationRequestItem = { ...item, ...changes, additionalData: { hmacSignature } };
    return JSON.stringify({ notificationItems: [{ NotificationRequestItem }] });
  };

  test('tells the members that it joins by colons in one way', () => {
    expect(judge('adyen-standard', body({}))).toEqual({ secretIndex: 0 });
    expect(
      judge(
        'adyen-standard',
        body({
          pspReference: 'p1:',
          originalReference: 'm',
          merchantAccountCode: 'order',
          merchantReference: '1',
        }),
      ),
    ).toMatchObject({ code: 'malformed-member' });
  });
});
