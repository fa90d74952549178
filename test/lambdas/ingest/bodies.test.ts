import { createHash, createHmac } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { BufferedWebhook } from '../../../lambdas/buffer/message.ts';
import { identifyWebhook } from '../../../lambdas/ingest/identity.ts';
import { receiveWebhook } from '../../../lambdas/ingest/receive.ts';
import { findProfile } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { type Profile, profileSchema } from '../../../lambdas/ingest/source.ts';
import { unpackBody } from '../../../lambdas/ingest/unpack.ts';
import { succeed } from '../../../lambdas/result.ts';
import { parseBody } from '../../../lambdas/webhook-body.ts';

// Bodies that are not plain JSON, from the request to what a mapping sees.

const FORM = 'application/x-www-form-urlencoded';
const AT = new Date('2026-11-24T09:30:00Z');

function profileOf(name: string): Profile {
  const profile = findProfile(name);
  if (profile === undefined) throw new Error(`no profile ${name}`);
  return profile;
}

/** A profile that signs the bytes of the body, base64 in `x-sig`. */
function own(options: object = {}): Profile {
  const signature = { encoding: 'base64', signature: { header: 'x-sig' } };
  return profileSchema.parse({ signature, eventType: [{ body: '/type' }], ...options });
}

async function receive(profile: Profile, body: Uint8Array, headers: Readonly<Record<string, string>>) {
  const buffered: BufferedWebhook[] = [];
  const source = { source: 'acme', secret: 's', profile, eventTypes: ['*'], mappedHeaders: [] };
  const event = {
    rawPath: '/webhooks/acme',
    rawQueryString: '',
    headers: { ...headers },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
    requestContext: { requestId: 'r1', http: { method: 'POST' } },
  };
  const { received } = await receiveWebhook(event, AT, {
    sources: new Map([['acme', source]]),
    publicUrl: 'https://h.example',
    signingSecrets: { read: async () => succeed({ signingSecrets: ['s1'] }), reread: async () => undefined },
    putOnBuffer: async (webhook) => {
      buffered.push(webhook);
      return succeed(undefined);
    },
  });
  const [webhook] = buffered;
  if (webhook === undefined) return received.ok ? received.value.code : received.failure;
  const mapped = parseBody(webhook.rawBody, webhook.bodyFormat, { form: profile.form });
  const { eventTypes, deduplicationId, formerDeduplicationId } = webhook;
  return {
    eventTypes,
    deduplicationId,
    ...(formerDeduplicationId && { formerDeduplicationId }),
    body: mapped.ok ? mapped.value : mapped.failure.code,
  };
}

function sign(body: string | Uint8Array, encoding: 'hex' | 'base64' = 'base64'): string {
  return createHmac('sha256', 's1').update(body).digest(encoding);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('JSON within a form', () => {
  const json =
    '{"action":"created","starred_at":"2019-05-15T15:20:40Z","text":"a&b=c %41 ü","id":820982911946154508}';
  const wrapped = `payload=${encodeURIComponent(json)}`;
  const send = (body: string, contentType: string) =>
    receive(profileOf('github'), Buffer.from(body), {
      'content-type': contentType,
      'x-github-event': 'star',
      'x-hub-signature-256': `sha256=${sign(body, 'hex')}`,
    });

  test('of GitHub is the same webhook as its JSON twin', async () => {
    const twin = await send(json, 'application/json');
    const form = await send(wrapped, FORM);

    expect(twin).toEqual({
      eventTypes: ['star.created'],
      deduplicationId: sha256(json),
      body: { ...JSON.parse(json), id: '820982911946154508' },
    });
    // Its entries of 0.1.0 are found by the hash of the form.
    expect(form).toEqual({ ...(twin as object), formerDeduplicationId: sha256(wrapped) });
  });

  test('is no other webhook by a header that nobody has signed', async () => {
    expect(await send(wrapped, 'application/json')).toEqual(await send(wrapped, FORM));
    expect(await send(json, FORM)).toEqual(await send(json, 'application/json'));
  });

  test('that is none becomes what JSON that is none becomes', async () => {
    expect(await send('payload=nothing', FORM)).toEqual({
      eventTypes: ['star'],
      deduplicationId: sha256('nothing'),
      formerDeduplicationId: sha256('payload=nothing'),
      body: 'body-not-json',
    });
  });

  test('of Slack is an interaction, while a command is a plain form', async () => {
    const slack = (body: string) => {
      const signature = sign(`v0:${AT.getTime() / 1000}:${body}`, 'hex');
      return receive(profileOf('slack'), Buffer.from(body), {
        'content-type': FORM,
        'x-slack-request-timestamp': String(AT.getTime() / 1000),
        'x-slack-signature': `v0=${signature}`,
      });
    };

    expect(
      await slack(`payload=${encodeURIComponent('{"type":"block_actions","user":{"id":"U1"}}')}`),
    ).toMatchObject({
      eventTypes: ['block_actions'],
      body: { user: { id: 'U1' } },
    });
    expect(await slack('command=%2Fweather&text=%5B1%2C+2%5D')).toMatchObject({
      eventTypes: ['/weather'],
      body: { text: '[1, 2]' },
    });
  });

  test('of Mandrill is a member, and without events a test that is ignored', () => {
    const identify = (body: string) =>
      identifyWebhook(profileOf('mandrill'), {
        headers: new Map([['content-type', FORM]]),
        rawBody: Buffer.from(body),
      });

    expect(identify(`mandrill_events=${encodeURIComponent('[{"event":"open"}]')}`)).toMatchObject({
      value: { eventTypes: ['open'] },
    });
    expect(identify('mandrill_events=%5B%5D')).toMatchObject({ value: { eventTypes: [] } });
  });
});

describe('a form', () => {
  const send = (body: string, options: object = {}) =>
    receive(own(options), Buffer.from(body), { 'content-type': FORM, 'x-sig': sign(body) });

  test('has texts, whatever they look like, but for the fields that are named', async () => {
    const body = 'type=sms&text=%5B1%2C+2%5D&more=%7B%22a%22%3A1%7D&none=no';

    expect(await send(body)).toMatchObject({ body: { text: '[1, 2]', more: '{"a":1}' } });
    expect(await send(body, { form: { json: ['more', 'none'] } })).toMatchObject({
      body: { text: '[1, 2]', more: { a: 1 }, none: 'no' },
    });
  });

  test('has a list where a field is repeated', async () => {
    expect(await send('type=sent&size=S&size=M&size=&one=1')).toMatchObject({
      body: { type: 'sent', size: ['S', 'M', ''], one: '1' },
    });
  });

  test.each(['type=a&name=%FF', 'type=a&%C3=x', 'type=a&name=%C3%28', 'type=%ED%A0%80'])(
    'in something else than UTF-8 is refused: %s',
    async (body) => {
      expect(await send(body)).toEqual({ code: 'body-not-json' });
    },
  );

  test('with raw bytes that are no UTF-8 is refused', async () => {
    const body = Buffer.concat([Buffer.from('type=a&name='), Buffer.from([0xff])]);

    expect(await receive(own(), body, { 'content-type': FORM, 'x-sig': sign(body) })).toEqual({
      code: 'body-not-json',
    });
  });
});

describe('a form in parts', () => {
  const part = (name: string, value: string, more = '') =>
    `--b1\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
  const end = '--b1--\r\n';
  const send = (
    body: string | Uint8Array,
    contentType = 'multipart/form-data; boundary=b1',
    options: object = {},
  ) =>
    receive(own(options), Buffer.from(body as string), { 'content-type': contentType, 'x-sig': sign(body) });

  test('is read for its text fields, as Jotform sends them', async () => {
    const body = [
      part('type', 'form'),
      part('rawRequest', '{"q3_name":"Zoë","q4":[1]}'),
      part('size', 'S'),
      part('size', 'M'),
      part('photo', '\u0001\u0002', '; filename="p.png"\r\nContent-Type: image/png'),
      end,
    ].join('');

    expect(await send(body, undefined, { form: { json: ['rawRequest'] } })).toMatchObject({
      eventTypes: ['form'],
      body: { type: 'form', rawRequest: { q3_name: 'Zoë', q4: [1] }, size: ['S', 'M'] },
    });
  });

  test('may be the whole webhook as JSON, by the identity of its JSON', async () => {
    const json = '{"type":"form"}';

    expect(await send(`${part('data', json)}${end}`, undefined, { form: { whole: 'data' } })).toMatchObject({
      deduplicationId: sha256(json),
      body: { type: 'form' },
    });
  });

  test('is told by its bytes, since nobody signs the header', async () => {
    const body = `${part('type', 'form')}${end}`;

    for (const contentType of ['text/plain', FORM, 'multipart/form-data; boundary=other']) {
      expect(await send(body, contentType)).toMatchObject({ body: { type: 'form' } });
    }
  });

  test.each([
    [part('type', 'form')],
    ['--b1\r\nContent-Disposition: form-data; name="type"\r\n'],
    [`--b1\r\nA: ${'x'.repeat(10_000)}\r\n\r\nv\r\n${end}`],
    [`${part('type', 'a').repeat(1_100)}${end}`],
  ])('that is cut, or beyond all limits, is refused', async (body) => {
    expect(await send(body)).toEqual({ code: 'body-not-json' });
  });

  test('with a text that is no UTF-8 is refused, with such a file it is not', async () => {
    const bytes = (name: string, more: string) =>
      Buffer.concat([
        Buffer.from(part('type', 'form')),
        Buffer.from(part(name, '', more).slice(0, -2)),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(`\r\n${end}`),
      ]);

    expect(await send(bytes('a', ''))).toEqual({ code: 'body-not-json' });
    expect(await send(bytes('a', '; filename="x"'))).toMatchObject({ body: { type: 'form' } });
  });
});

describe('a packed body', () => {
  const json = '{"type":"a","text":"packed"}';
  const send = (body: Uint8Array, encoding?: string) =>
    receive(own(), body, { 'x-sig': sign(body), ...(encoding && { 'content-encoding': encoding }) });

  test('by gzip is unpacked once the signature over its bytes is verified', async () => {
    const packed = gzipSync(json);

    expect(await send(packed, 'gzip')).toEqual({
      eventTypes: ['a'],
      deduplicationId: sha256(json),
      body: JSON.parse(json),
    });
    expect(await send(packed)).toMatchObject({ eventTypes: ['a'] });
    expect(await receive(own(), packed, { 'x-sig': sign(json), 'content-encoding': 'gzip' })).toMatchObject({
      code: 'no-matching-secret',
    });
  });

  test('that a proxy has unpacked is taken as it is', async () => {
    expect(await send(Buffer.from(json), 'gzip')).toMatchObject({ eventTypes: ['a'] });
  });

  test.each([
    ['br', brotliCompressSync(json)],
    ['deflate', deflateSync(json)],
    ['zstd', Buffer.from(json)],
  ])('by %s is refused by that name', async (encoding, body) => {
    expect(await send(body, encoding)).toEqual({ code: 'content-encoding-not-taken', encoding });
  });

  test('that is cut, or unpacks to more than any webhook has, is refused', async () => {
    expect(await send(gzipSync(json).subarray(0, 20), 'gzip')).toEqual({ code: 'body-not-gzip' });
    expect(await send(gzipSync(Buffer.alloc(8_000_001)), 'gzip')).toEqual({
      code: 'unpacked-body-too-large',
      limitBytes: 8_000_000,
    });
  });
});

test('a verified list without items is answered 200 and ignored', async () => {
  const body = '{"events":[],"firstEventSequence":0,"lastEventSequence":0}';
  const xero = own({ eventType: [{ body: '/events/*/eventCategory' }, { body: '/events/*/eventType' }] });

  expect(await receive(xero, Buffer.from(body), { 'x-sig': sign(body) })).toBe('ignored');
  expect(await receive(xero, Buffer.from(body), { 'x-sig': sign('x') })).toMatchObject({
    code: 'no-matching-secret',
  });
});

describe('a body that is not packed', () => {
  const unpack = (bytes: readonly number[], encoding?: string) => {
    const headers = new Map(encoding === undefined ? [] : [['content-encoding', encoding]]);
    const head = { requestId: 'r1', source: 's', method: 'POST', query: '', headers };
    return unpackBody({ ...head, rawBody: Uint8Array.from(bytes) });
  };
  const JSON_BYTES = [0x7b, 0x7d];

  test.each([undefined, '', 'identity', 'gzip', 'x-gzip', ' GZIP '])(
    'is taken as it is with the header %j',
    (encoding) => {
      expect(unpack(JSON_BYTES, encoding)).toMatchObject({
        ok: true,
        value: { rawBody: Uint8Array.from(JSON_BYTES) },
      });
    },
  );

  test.each([[[0x1f, 0x7d]], [[0x7b, 0x8b]]])(
    'is one that does not begin as gzip in both bytes: %j',
    (bytes) => {
      expect(unpack(bytes)).toMatchObject({ ok: true });
    },
  );

  test('is refused with another encoding, whose name is cut', () => {
    expect(unpack(JSON_BYTES, 'x'.repeat(60))).toEqual({
      ok: false,
      failure: { code: 'content-encoding-not-taken', encoding: 'x'.repeat(40) },
    });
  });
});
