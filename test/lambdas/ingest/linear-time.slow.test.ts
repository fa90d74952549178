import { createHmac, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { encodeBufferedWebhook } from '../../../lambdas/buffer/message.ts';
import { type ReceiveDependencies, receiveWebhook } from '../../../lambdas/ingest/receive.ts';
import type { HttpApiEvent } from '../../../lambdas/ingest/request.ts';
import { findProfile, PROFILE_NAMES } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import type { Source } from '../../../lambdas/ingest/source.ts';
import { succeed } from '../../../lambdas/result.ts';

// A request four times as large may take four times as long; what is quadratic would take sixteen times as long.
const GROWTH = 4;
const BOUND = 12;
/** Below this, what is measured is mostly not the request. */
const FLOOR_MS = 4;

const RECEIVED_AT = new Date('2026-11-24T09:30:00Z');
const UNIX = RECEIVED_AT.getTime() / 1000;
const PUBLIC_URL = 'https://hooks.example.com';
const ED25519_KEY = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '';
const SECRETS = ['s0', 's1', '00ff', Buffer.from(ED25519_KEY, 'base64url').toString('base64')];

const sources = new Map(
  PROFILE_NAMES.flatMap((name): [string, Source][] => {
    const profile = findProfile(name);
    return profile === undefined
      ? []
      : [[name, { source: name, secret: name, profile, eventTypes: ['x'], mappedHeaders: [] }]];
  }),
);

const dependencies: ReceiveDependencies = {
  sources,
  publicUrl: PUBLIC_URL,
  signingSecrets: {
    read: async () => succeed({ signingSecrets: SECRETS, verifyToken: 'v1' }),
    reread: async () => undefined,
  },
  putOnBuffer: async (webhook) => {
    const message = encodeBufferedWebhook(webhook);
    return message.ok ? succeed(undefined) : message;
  },
};

type Build = (length: number) => Partial<HttpApiEvent> & { readonly source: string };

function eventOf({ source, ...changes }: ReturnType<Build>): HttpApiEvent {
  return {
    rawPath: `/webhooks/${source}`,
    rawQueryString: '',
    headers: {},
    body: '',
    isBase64Encoded: false,
    requestContext: { requestId: 'r1', http: { method: 'POST' } },
    ...changes,
  };
}

async function judge(event: HttpApiEvent): Promise<string> {
  const { received } = await receiveWebhook(event, RECEIVED_AT, dependencies);
  return received.ok ? received.value.code : received.failure.code;
}

/** Milliseconds of this process alone, not of the clock: the shortest of some runs, as collecting garbage only adds to one. */
async function time(event: HttpApiEvent): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run += 1) {
    const before = process.cpuUsage();
    await judge(event);
    const { user, system } = process.cpuUsage(before);
    shortest = Math.min(shortest, (user + system) / 1000);
  }
  return shortest;
}

/** How many times the bound the larger request takes; the best of some tries. */
async function excess(small: HttpApiEvent, large: HttpApiEvent): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5 && least > 1; attempt += 1) {
    const allowed = BOUND * (await time(small)) + FLOOR_MS;
    least = Math.min(least, (await time(large)) / allowed);
  }
  return least;
}

function fill(piece: string, length: number): string {
  return piece.repeat(Math.ceil(length / piece.length));
}

function signedByStripe(body: string): ReturnType<Build> {
  const hex = createHmac('sha256', 's1').update(`${UNIX}.${body}`).digest('hex');
  return { source: 'stripe', body, headers: { 'stripe-signature': `t=${UNIX},v1=${hex}` } };
}

function signedByGithub(body: string, contentType = 'application/json'): ReturnType<Build> {
  const hex = createHmac('sha256', 's1').update(body).digest('hex');
  const headers = {
    'x-hub-signature-256': `sha256=${hex}`,
    'x-github-event': 'x',
    'content-type': contentType,
  };
  return { source: 'github', body, headers };
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const SIX_MB = 6_000_000;
const TWO_MB = 2_000_000;
/** As much as plug-ins read of a body before it is verified, a little less for what stands around it. */
const READ_UNVERIFIED = 256 * 1024 - 200;
/** API Gateway takes 10 KB of headers; what runs elsewhere may take more. */
const HALF_MB = 500_000;
/** As much as is looked at to explain why a signature does not match. */
const EXPLAINED = 256 * 1024 - 100;

const hex = (length: number) => fill('0', length);
const nested = (open: string, close: string, length: number) => {
  const depth = Math.floor(length / (open.length + close.length));
  return `${open.repeat(depth)}1${close.repeat(depth)}`;
};

const BODIES: readonly (readonly [string, number, string, Build])[] = [
  ['long text', SIX_MB, 'buffered', (n) => signedByStripe(`{"type":"x","a":"${fill('é\\u001b/', n - 99)}"}`)],
  [
    'long numbers',
    TWO_MB,
    'ignored',
    (n) => signedByStripe(`{"type":"y","a":[${fill('12345678901234567,', n)}1]}`),
  ],
  [
    'many members',
    TWO_MB,
    'ignored',
    (n) => signedByStripe(`{"type":"y"${Array.from({ length: n / 12 }, (_, i) => `,"m${i}":1`).join('')}}`),
  ],
  ['deep lists', TWO_MB, 'body-too-deep', (n) => signedByStripe(nested('[', ']', n))],
  [
    'deep lists around a long number',
    HALF_MB,
    'body-too-deep',
    (n) => signedByStripe(nested('[', ']', n).replace('1', '12345678901234567')),
  ],
  ['deep objects', TWO_MB, 'body-too-deep', (n) => signedByStripe(nested('{"a":', '}', n))],
  ['open brackets', TWO_MB, 'body-not-json', (n) => signedByStripe(fill('[', n))],
  [
    'a form with very many fields',
    TWO_MB,
    'buffered',
    (n) =>
      signedByGithub(Array.from({ length: n / 12 }, (_, i) => `m${i}=1`).join('&'), FORM['content-type']),
  ],
  [
    'a form with one field very often',
    TWO_MB,
    'buffered',
    (n) => signedByGithub(fill('a=[]&', n), FORM['content-type']),
  ],
  [
    'a base64 body',
    SIX_MB,
    'missing-header',
    (n) => ({ source: 'stripe', body: fill('AAAA', n), isBase64Encoded: true }),
  ],
  [
    'almost base64',
    SIX_MB,
    'body-not-base64',
    (n) => ({ source: 'stripe', body: `${fill('AAAA', n)}*AAA`, isBase64Encoded: true }),
  ],
  [
    'a forged body',
    EXPLAINED,
    'no-matching-secret',
    (n) => ({
      source: 'github',
      body: `{"a":[${fill('"é\\u001b\\n/ ",\r\n', n - 99)}1]}`,
      headers: { 'x-hub-signature-256': `sha256=${hex(64)}` },
    }),
  ],
  [
    'a forged deep body',
    EXPLAINED,
    'no-matching-secret',
    (n) => ({
      source: 'github',
      body: nested('[', ']', n),
      headers: { 'x-hub-signature-256': `sha256=${hex(64)}` },
    }),
  ],
  [
    'a forged deep body of objects',
    EXPLAINED,
    'no-matching-secret',
    (n) => ({
      source: 'github',
      body: nested('{"a":', '}', n),
      headers: { 'x-hub-signature-256': `sha256=${hex(64)}` },
    }),
  ],
  [
    'a forged body of white space',
    EXPLAINED,
    'no-matching-secret',
    (n) => ({
      source: 'github',
      body: `a${fill(' \r', n)}a`,
      headers: { 'x-hub-signature-256': `sha256=${hex(64)}` },
    }),
  ],
  [
    'a handshake of many fields',
    TWO_MB,
    'unverified-body-too-large',
    (n) => ({ source: 'woocommerce', body: fill('a=1&', n), headers: FORM }),
  ],
  [
    'a batch of very many types',
    TWO_MB,
    'ignored',
    (n) => {
      const body = JSON.stringify(Array.from({ length: n / 30 }, (_, i) => ({ subscriptionType: `t${i}` })));
      return { source: 'hubspot-v3', body, headers: hubspotHeaders(body) };
    },
  ],
  [
    'the form of Twilio',
    READ_UNVERIFIED,
    'wrong-signature-length',
    (n) => ({
      source: 'twilio',
      body: Array.from({ length: 900 }, (_, i) => `m${i % 99}=${fill(`${i}`, n / 999)}`).join('&'),
      headers: { ...FORM, 'x-twilio-signature': 'AAAA' },
    }),
  ],
  [
    'the form of Mandrill',
    SIX_MB,
    'wrong-signature-length',
    (n) => ({
      source: 'mandrill',
      body: Array.from({ length: 900 }, (_, i) => `${fill('m', n / 999)}${i}=%41`).join('&'),
      headers: { ...FORM, 'x-mandrill-signature': 'AAAA' },
    }),
  ],
  [
    'the items of Adyen',
    READ_UNVERIFIED,
    'wrong-signature-length',
    (n) => ({
      source: 'adyen-standard',
      body: `{"notificationItems":[${Array.from({ length: n / 110 }, () => '{"NotificationRequestItem":{"amount":{},"additionalData":{"hmacSignature":"AAAA"}}}').join(',')}]}`,
    }),
  ],
  [
    'the token of Mailgun',
    READ_UNVERIFIED,
    'malformed-member',
    (n) => ({
      source: 'mailgun',
      body: `{"signature":{"timestamp":1,"token":"${fill('a', n - 99)}","signature":"00"}}`,
    }),
  ],
];

function hubspotHeaders(body: string) {
  const milliseconds = String(RECEIVED_AT.getTime());
  const signature = createHmac('sha256', 's1')
    .update(`POST${PUBLIC_URL}/webhooks/hubspot-v3${body}${milliseconds}`)
    .digest('base64');
  return { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': milliseconds };
}

const stripe = (header: string): ReturnType<Build> => ({
  source: 'stripe',
  body: '{}',
  headers: { 'stripe-signature': header },
});

const HEADERS: readonly (readonly [string, number, string, Build])[] = [
  ['thousands of v1=', HALF_MB, 'no-matching-secret', (n) => stripe(`t=${UNIX}${fill(`,v1=${hex(64)}`, n)}`)],
  ['thousands of t=', HALF_MB, 'repeated-header', (n) => stripe(fill(`t=${UNIX},`, n))],
  ['separators only', HALF_MB, 'malformed-header', (n) => stripe(fill(',', n))],
  ['white space between', HALF_MB, 'malformed-header', (n) => stripe(`t=${fill(' ', n)}1`)],
  [
    'one signature that does not end',
    HALF_MB,
    'wrong-signature-length',
    (n) => stripe(`t=${UNIX},v1=${hex(n)}`),
  ],
  [
    'a signature that ends in a blemish',
    HALF_MB,
    'malformed-header',
    (n) => stripe(`t=${UNIX},v1=${hex(n)}x`),
  ],
  ['a timestamp that does not end', HALF_MB, 'malformed-header', (n) => stripe(`t=${hex(n)},v1=${hex(64)}`)],
  [
    'prefixes only',
    HALF_MB,
    'malformed-header',
    (n) => ({ source: 'github', body: '{}', headers: { 'x-hub-signature-256': fill('sha256=', n) } }),
  ],
  [
    'many signatures of Standard Webhooks',
    HALF_MB,
    'wrong-signature-length',
    (n) => ({
      source: 'standard-webhooks',
      body: '{}',
      headers: {
        'webhook-id': 'a',
        'webhook-timestamp': String(UNIX),
        'webhook-signature': fill('v1,AAAA ', n),
      },
    }),
  ],
  [
    'basic auth',
    HALF_MB,
    'no-matching-secret',
    (n) => ({ source: 'chargebee', body: '{}', headers: { authorization: `Basic ${fill('AAAA', n)}` } }),
  ],
  [
    'almost basic auth',
    HALF_MB,
    'malformed-header',
    (n) => ({ source: 'chargebee', body: '{}', headers: { authorization: `Basic ${fill('A ', n)}` } }),
  ],
  [
    'an HTTP date and more',
    HALF_MB,
    'malformed-header',
    (n) => ({
      source: 'klaviyo',
      body: '{}',
      headers: {
        'klaviyo-signature': hex(64),
        'klaviyo-timestamp': fill('Tue, 24 Nov 2026 09:30:00 GMT ', n),
      },
    }),
  ],
  [
    'a content type of parameters',
    HALF_MB,
    'missing-header',
    (n) => ({ source: 'woocommerce', body: '{}', headers: { 'content-type': fill('; \n', n) } }),
  ],
  [
    'very many headers',
    HALF_MB,
    'missing-header',
    (n) => ({
      source: 'stripe',
      body: '{}',
      headers: Object.fromEntries(Array.from({ length: n / 10 }, (_, i) => [`x-${i}`, '1'])),
    }),
  ],
  [
    'a long query',
    HALF_MB,
    'no-matching-secret',
    (n) => ({ source: 'mailchimp', body: 'type=x', rawQueryString: fill('secret=1&', n), headers: FORM }),
  ],
  [
    'a query of question marks',
    HALF_MB,
    'no-matching-secret',
    (n) => ({
      source: 'square',
      body: '{}',
      rawQueryString: fill('?', n),
      headers: { 'x-square-hmacsha256-signature': Buffer.alloc(32).toString('base64') },
    }),
  ],
  [
    'a query of slashes',
    HALF_MB,
    'no-matching-secret',
    (n) => ({
      source: 'square',
      body: '{}',
      rawQueryString: fill('/%3A', n),
      headers: { 'x-square-hmacsha256-signature': Buffer.alloc(32).toString('base64') },
    }),
  ],
  [
    "a query after Twilio's URL",
    HALF_MB,
    'wrong-signature-length',
    (n) => ({
      source: 'twilio',
      body: 'a=1',
      rawQueryString: fill(':1?/#', n),
      headers: { ...FORM, 'x-twilio-signature': 'AAAA' },
    }),
  ],
  ['a path', HALF_MB, 'unknown-path', (n) => ({ source: fill('a/', n) })],
];

describe('a request takes time in proportion to its size:', () => {
  test.each([...BODIES, ...HEADERS])('%s', async (_name, length, code, build) => {
    const [small, large] = [eventOf(build(length / GROWTH)), eventOf(build(length))];

    expect(await judge(large)).toBe(code);
    expect(await excess(small, large)).toBeLessThan(1);
  });

  test('many signatures that cost a pass over a large body each', async () => {
    const build: Build = (length) => ({
      source: 'standard-webhooks-ed25519',
      body: fill('a', length / 2),
      headers: {
        'webhook-id': 'a',
        'webhook-timestamp': String(UNIX),
        'webhook-signature': fill(`v1a,${Buffer.alloc(64, 1).toString('base64')} `, length / 2),
      },
    });
    const [small, large] = [eventOf(build(HALF_MB / GROWTH)), eventOf(build(HALF_MB))];

    expect(await judge(large)).toBe('no-matching-secret');
    expect(await excess(small, large)).toBeLessThan(1);
  });
});
