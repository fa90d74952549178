import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BufferedWebhook } from '../../../lambdas/buffer/message.ts';
import { receiveWebhook } from '../../../lambdas/ingest/receive.ts';
import { findProfile, PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { type Profile, profileSchema } from '../../../lambdas/ingest/source.ts';
import { parseJson, succeed } from '../../../lambdas/result.ts';
import { signWebhook } from '../../../signing/sign-webhook.ts';

// docs/decisions/0030: from one captured request nobody without the secret can make a second id.

const AT = new Date('2026-11-24T09:30:00Z');
const PUBLIC_URL = 'https://hooks.example.com';
const FORM = 'application/x-www-form-urlencoded';

/** A captured request: what an attacker can change. */
type Captured = {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
  readonly body: string;
};

const ADYEN = {
  live: 'false',
  notificationItems: [
    {
      NotificationRequestItem: {
        pspReference: '7914073381342284',
        originalReference: '',
        merchantAccountCode: 'TestMerchant',
        merchantReference: 'Order:1:2:3:4',
        amount: { value: 1130, currency: 'EUR' },
        eventCode: 'AUTHORISATION',
        success: 'true',
      },
    },
  ],
};

const TWILIO =
  'AccountSid=AC12&From=%2B1555&MessageSid=SM99&MessageStatus=delivered&SmsSid=SM99&SmsStatus=delivered&To=%2B1556';

const BODIES: Readonly<Record<string, string>> = {
  'adyen-standard': JSON.stringify(ADYEN),
  'hubspot-v3': '[{"subscriptionType":"x","eventId":1},{"subscriptionType":"x","eventId":2}]',
  'hubspot-v1': '[{"subscriptionType":"x","eventId":1}]',
  mailgun: '{"event-data":{"event":"delivered","id":"a"}}',
  mandrill: `mandrill_events=${encodeURIComponent('[{"event":"send","_id":"a_b c","ts":1}]')}`,
  quickbooks: '[{"specversion":"1.0","type":"x","id":"1","source":"s"}]',
  sendgrid: '[{"event":"x"}]',
  twilio: TWILIO,
};

/** A body that each of the profiles reads a type from. */
const ANY_BODY = JSON.stringify({
  ...{
    type: 'x.y',
    id: 'evt_1',
    event_id: 'e1',
    event: 'x',
    event_type: 'x',
    topic: 'x',
    scope: 'x',
    object: 'x',
  },
  ...{ data: [{ topic: 'x' }], object_type: 'x' },
  events: [{ type: 'x', resource_type: 'a', action: 'b', eventCategory: 'a', eventType: 'b' }],
  ...{ description: 'x', triggerName: 'x', triggerEvent: 'x', meta: { event_name: 'x' } },
  ...{ text: 'a.1795512600.{"type":"x.y"}', payload: { uri: 'u' }, messageId: 'm', action: 'a' },
});

/** Schemes of users, whose types come from an unsigned header, so that no body has to be readable. */
const CUSTOM = Object.fromEntries(
  [
    '{url}{body}',
    '{header:x-part}{body}',
    '{id}{body}',
    '{id}.{timestamp}.{body}',
    '{timestamp}{body}',
    '{body}{timestamp}',
  ].map((content) => [content, customProfile(content)]),
);

function customProfile(content: string): Profile {
  const signature = {
    encoding: 'hex',
    signature: { header: 'x-sig' },
    content,
    ...(content.includes('{id}') && { id: { header: 'x-id' } }),
    ...(content.includes('{timestamp}') && {
      timestamp: { header: 'x-time', format: 'unix', toleranceSeconds: 300 },
    }),
  };
  return profileSchema.parse({ signature, eventType: [{ header: 'x-type' }] });
}

const PROFILES: readonly (readonly [string, Profile])[] = [
  ...PROFILE_NAMES.map((name) => [name, findProfile(name)] as const),
  ...Object.entries(CUSTOM),
].flatMap(([name, profile]) => {
  const isSignable =
    profile !== undefined &&
    name !== 'paypal' &&
    !['sharedSecret', 'rsa', 'ecdsa', 'ed25519'].includes(profile.signature.kind);
  return isSignable ? [[name, profile] as const] : [];
});

const secretOf = ({ signature }: Profile) => {
  const encoding = 'secretEncoding' in signature ? signature.secretEncoding : 'utf8';
  const isHex = encoding === 'hex' || (signature.kind === 'custom' && signature.plugIn === 'adyen-standard');
  return isHex ? '00ff10' : Buffer.from('a key of bytes').toString('base64');
};

function capture(name: string, profile: Profile): Captured {
  const body = BODIES[name] ?? ANY_BODY;
  const isForm = name === 'twilio' || name === 'mandrill';
  const toSign = {
    secret: secretOf(profile),
    url: `${PUBLIC_URL}/webhooks/x?key=abc`,
    rawBody: Buffer.from(body),
    contentType: isForm ? FORM : 'application/json',
    at: AT,
    id: createHash('sha256').update('id').digest('hex').slice(0, 50),
  };
  const signed = signWebhook(profile.signature, toSign);
  const extra = signed.ok ? signed.value : { headers: signPart(profile, toSign), rawBody: toSign.rawBody };
  return {
    headers: lowerCase({
      'content-type': toSign.contentType,
      'x-type': 'x',
      'x-shopify-topic': 'x',
      'x-github-event': 'x',
      'x-wc-webhook-topic': 'x',
      ...extra.headers,
    }),
    query: 'key=abc',
    body: Buffer.from(extra.rawBody).toString('utf8'),
  };
}

/** `{header:x-part}{body}`, which `signWebhook` cannot sign. */
function signPart(profile: Profile, { secret, rawBody }: { secret: string; rawBody: Buffer }) {
  const bare = profileSchema.parse({ ...profile, signature: { ...profile.signature, content: '{body}' } });
  const content = Buffer.concat([Buffer.from('part'), rawBody]);
  const signed = signWebhook(bare.signature, { secret, url: '', rawBody: content, at: AT, id: '' });
  return { ...(signed.ok ? signed.value.headers : {}), 'x-part': 'part' };
}

function lowerCase(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The id under which a request is taken, or the code by which it is refused. */
async function take(profile: Profile, { headers, query, body }: Captured, at = AT) {
  const taken: BufferedWebhook[] = [];
  const source = { source: 'x', secret: 'x', profile, eventTypes: ['*'], mappedHeaders: [] };
  const { received } = await receiveWebhook(
    {
      rawPath: '/webhooks/x',
      rawQueryString: query,
      headers,
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
      requestContext: { requestId: 'r1', http: { method: 'POST' } },
    },
    at,
    {
      sources: new Map([['x', source]]),
      publicUrl: PUBLIC_URL,
      signingSecrets: {
        read: async () => succeed({ signingSecrets: [secretOf(profile)] }),
        reread: async () => undefined,
      },
      putOnBuffer: async (webhook) => {
        taken.push(webhook);
        return succeed(undefined);
      },
    },
  );
  return received.ok ? { id: taken[0]?.deduplicationId } : { refused: received.failure.code };
}

type Change = (request: Captured, at: number, text: string) => Captured;

const header = (request: Captured, name: string, change: (value: string) => string): Captured => ({
  ...request,
  headers: { ...request.headers, [name]: change(request.headers[name] ?? '') },
});

const signedHeaders = ({ headers }: Captured) =>
  Object.keys(headers).filter((name) => name !== 'content-type');
const nth = <Value>(values: readonly Value[], at: number) => values[at % Math.max(values.length, 1)];

/** Moves characters across a place where two signed parts meet. */
const MOVES: readonly Change[] = [
  (request, at) => moveToHeader(request, at, (value, moved) => `${value}${moved}`),
  (request, at) => moveToHeader(request, at, (value, moved) => `${value}.${moved}`),
  (request, at) => {
    const name = nth(signedHeaders(request), at) ?? '';
    const value = request.headers[name] ?? '';
    const cut = at % (value.length + 1);
    return {
      ...header(request, name, () => value.slice(0, cut)),
      body: `${value.slice(cut)}${request.body}`,
    };
  },
  (request, at) => {
    const name = nth(signedHeaders(request), at) ?? '';
    const cut = request.body.length - (at % 40);
    return {
      ...header(request, name, (value) => request.body.slice(cut) + value),
      body: request.body.slice(0, cut),
    };
  },
  ({ query, body, ...rest }, at) => {
    const cut = at % (body.length + 1);
    return { ...rest, query: `${query}${body.slice(0, cut)}`, body: body.slice(cut) };
  },
  ({ query, body, ...rest }, at) => {
    const cut = at % (query.length + 1);
    return { ...rest, query: query.slice(0, cut), body: `${query.slice(cut)}${body}` };
  },
];

function moveToHeader(
  request: Captured,
  at: number,
  join: (value: string, moved: string) => string,
): Captured {
  const name = nth(signedHeaders(request), at) ?? '';
  const cut = 1 + (at % request.body.length);
  return {
    ...header(request, name, (value) => join(value, request.body.slice(0, cut))),
    body: request.body.slice(cut),
  };
}

/** Writes the same in another way. */
const SPELLINGS: readonly Change[] = [
  (request, at) =>
    header(request, 'content-type', () => nth(['', FORM, 'application/json', 'text/plain'], at) ?? ''),
  (request, at) => header(request, nth(Object.keys(request.headers), at) ?? '', (value) => ` ${value}\t`),
  (request, at) => header(request, nth(signedHeaders(request), at) ?? '', (value) => value.toUpperCase()),
  (request, at) => header(request, nth(signedHeaders(request), at) ?? '', (value) => `0${value}`),
  ({ body, ...rest }, at) => ({ ...rest, body: `${nth(['&', '?', ' ', '\ufeff', '&&'], at)}${body}` }),
  ({ body, ...rest }, at) => ({ ...rest, body: `${body}${nth(['&', '\n', ' ', '='], at)}` }),
  ({ body, ...rest }, at) => ({ ...rest, body: escapeAt(body, at) }),
  ({ body, ...rest }) => ({ ...rest, body: body.split('&').reverse().join('&') }),
  ({ body, ...rest }, at) => ({ ...rest, body: removeAt(body, '&', at) }),
  ({ body, ...rest }, at) => ({ ...rest, body: removeAt(body, '=', at) }),
  ({ body, ...rest }, at) => ({ ...rest, body: insertAt(body, '=', at) }),
  ({ body, ...rest }, at) => ({ ...rest, body: insertAt(body, '&', at) }),
  ({ body, ...rest }, at) => ({
    ...rest,
    body: insertAt(removeAt(removeAt(body, '=', at), '&', at), '=', at),
  }),
];

function escapeAt(text: string, at: number): string {
  const place = at % text.length;
  const character = text[place] ?? '';
  if (!/[A-Za-z0-9_]/.test(character) || /%.?$/.test(text.slice(0, place))) return text;
  return `${text.slice(0, place)}%${character.charCodeAt(0).toString(16)}${text.slice(place + 1)}`;
}

function removeAt(text: string, mark: string, at: number): string {
  const pieces = text.split(mark);
  const place = 1 + (at % Math.max(pieces.length - 1, 1));
  return `${pieces.slice(0, place).join(mark)}${pieces.slice(place).join(mark)}`;
}

function insertAt(text: string, mark: string, at: number): string {
  const place = at % (text.length + 1);
  return `${text.slice(0, place)}${mark}${text.slice(place)}`;
}

/** Changes members of JSON, where a signature is inside of the body or covers some of it. */
const MEMBERS: readonly Change[] = [
  (request, at, text) =>
    inSignature(request, ({ timestamp, token, ...rest }) => {
      const both = `${timestamp}${token}`;
      const cut = at % both.length;
      return { ...rest, timestamp: both.slice(0, cut), token: both.slice(cut), text };
    }),
  (request) =>
    inSignature(request, (signature) => ({ ...signature, timestamp: Number(signature.timestamp) })),
  (request, _at, text) =>
    inSignature(request, (signature) => ({
      ...signature,
      signature: signature.signature?.toUpperCase(),
      text,
    })),
  (request, _at, text) => ({
    ...header(request, 'content-type', () => FORM),
    body: request.body.replace(
      /^\{/,
      `{"t":${JSON.stringify(`&signature={"token":"${text}"}&event-data={"event":"x"}&`)},`,
    ),
  }),
  (request, at) =>
    inAdyenItem(request, (members) => {
      const joined = members.join(':').split(':');
      const cut = at % joined.length;
      return [...joined.slice(0, cut), joined.slice(cut, cut + 2).join(':'), ...joined.slice(cut + 2)];
    }),
  (request, at) =>
    inAdyenItem(request, (members) => {
      const parts = members.join(':').split(':');
      const extra = parts.length - 8;
      const first = at % 8;
      return [
        ...parts.slice(0, first),
        parts.slice(first, first + extra + 1).join(':'),
        ...parts.slice(first + extra + 1),
      ];
    }),
];

function inSignature(request: Captured, change: (signature: Record<string, string>) => object): Captured {
  const body = parseJson(request.body) as { readonly signature: Record<string, string> } | undefined;
  if (typeof body?.signature !== 'object') return request;
  return { ...request, body: JSON.stringify({ ...body, signature: change(body.signature) }) };
}

type AdyenItem = (typeof ADYEN)['notificationItems'][number]['NotificationRequestItem'];

const ADYEN_MEMBERS = [
  'pspReference',
  'originalReference',
  'merchantAccountCode',
  'merchantReference',
] as const;

function inAdyenItem(request: Captured, change: (members: readonly string[]) => readonly string[]): Captured {
  const body = parseJson(request.body) as typeof ADYEN | undefined;
  const item: AdyenItem | undefined = body?.notificationItems?.[0]?.NotificationRequestItem;
  if (item === undefined) return request;
  const members = [
    ...ADYEN_MEMBERS.map((name) => item[name]),
    item.amount.value,
    item.amount.currency,
    item.eventCode,
    item.success,
  ];
  const [psp, original, account, reference, value, currency, eventCode, success] = change(
    members.map(String),
  );
  const changed = {
    ...item,
    pspReference: psp,
    originalReference: original,
    merchantAccountCode: account,
    merchantReference: reference,
  };
  const NotificationRequestItem = { ...changed, amount: { value, currency }, eventCode, success };
  return { ...request, body: JSON.stringify({ ...body, notificationItems: [{ NotificationRequestItem }] }) };
}

const anyChange = fc.record({
  change: fc.constantFrom(...MOVES, ...SPELLINGS, ...MEMBERS),
  at: fc.nat({ max: 400 }),
  text: fc.string({ maxLength: 8 }),
});

describe.each(PROFILES)('%s', (name, profile) => {
  test('gives one id to whatever can be made of one captured request', async () => {
    const captured = capture(name, profile);
    const genuine = await take(profile, captured);
    expect(genuine).toEqual({ id: expect.any(String) });

    await fc.assert(
      fc.asyncProperty(fc.array(anyChange, { minLength: 1, maxLength: 3 }), async (changes) => {
        const forged = changes.reduce((request, { change, at, text }) => change(request, at, text), captured);
        const taken = await take(profile, forged);

        expect('refused' in taken || taken).toEqual('refused' in taken ? true : genuine);
      }),
      { numRuns: 150 },
    );
  });

  test('is refused after the ledger has forgotten it, where the time is signed', async () => {
    const isTimed =
      ('timestamp' in profile.signature && profile.signature.timestamp !== undefined) || name === 'mailgun';
    const later = new Date(AT.getTime() + 29 * 86_400_000);

    expect(await take(profile, capture(name, profile), later)).toEqual(
      isTimed ? { refused: 'timestamp-too-old' } : { id: expect.any(String) },
    );
  });
});

test('every profile that signs a time bounds its age by less than the ledger keeps an id', () => {
  const unbounded = PROFILE_NAMES.filter((name) => {
    const signature = findProfile(name)?.signature;
    const timestamp = signature && 'timestamp' in signature ? signature.timestamp : undefined;
    return timestamp !== undefined && (timestamp.toleranceSeconds ?? Number.POSITIVE_INFINITY) > 7 * 86_400;
  });

  expect(unbounded).toEqual([]);
});

describe('by name:', () => {
  const idOf = (profile: Profile, request: Captured) => take(profile, request);

  test('text around a dot does not move into the id of a delivery', async () => {
    const name = '{id}.{timestamp}.{body}';
    const profile = CUSTOM[name];
    if (profile === undefined) throw new Error('no profile');
    const captured = capture(name, profile);
    const [moved = '', rest = ''] = captured.body.split('.1795512600.');
    const forged = header(captured, 'x-id', (id) => `${id}.1795512600.${moved}`);

    expect(await idOf(profile, captured)).toHaveProperty('id');
    expect(await idOf(profile, { ...forged, body: rest })).toEqual({ refused: 'ambiguous-content' });
  });

  test('JSON with a form in one of its texts is not read as that form', async () => {
    const profile = findProfile('stripe');
    if (profile === undefined) throw new Error('no profile');
    const body = '{"type":"x","id":"evt_1","name":"&type=x&id=evt_2&"}';
    const toSign = { secret: secretOf(profile), url: '', rawBody: Buffer.from(body), at: AT, id: '' };
    const signed = signWebhook(profile.signature, toSign);
    const headers = { ...(signed.ok ? signed.value.headers : {}), 'content-type': FORM };

    expect(await idOf(profile, { headers: lowerCase(headers), query: '', body })).toEqual({ id: 'evt_1' });
  });
});
