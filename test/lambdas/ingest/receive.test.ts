import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shopifySignature, stripeSignature } from '../../../bench/events.ts';
import type { BufferedWebhook } from '../../../lambdas/buffer/message.ts';
import { answerReceived } from '../../../lambdas/ingest/answer.ts';
import { answerFailure } from '../../../lambdas/ingest/failure-answer.ts';
import { type ReceiveDependencies, receiveWebhook } from '../../../lambdas/ingest/receive.ts';
import type { HttpApiEvent } from '../../../lambdas/ingest/request.ts';
import { findProfile } from '../../../lambdas/ingest/signature/profiles/profiles.ts';
import { profileSchema, type Source } from '../../../lambdas/ingest/source.ts';
import { fail, succeed } from '../../../lambdas/result.ts';

const RECEIVED_AT = new Date('2026-11-23T12:00:00Z');
const UNIX = RECEIVED_AT.getTime() / 1000;

function source(name: string, profileName: string, eventTypes: readonly string[]): Source {
  const profile = findProfile(profileName);
  if (profile === undefined) throw new Error(`no profile ${profileName}`);
  return {
    source: name,
    secret: `webhooks/${name}`,
    profile,
    eventTypes: [...eventTypes],
    mappedHeaders: ['x-tenant'],
  };
}

function setUp(changes: Partial<ReceiveDependencies> = {}) {
  const buffered: BufferedWebhook[] = [];
  const dependencies: ReceiveDependencies = {
    sources: new Map([
      ['stripe', source('stripe', 'stripe', ['invoice.paid'])],
      ['shop', source('shop', 'shopify', ['orders/create'])],
      ['slack', source('slack', 'slack', ['app_mention'])],
      ['zoom', source('zoom', 'zoom', ['meeting.started'])],
      ['meta', source('meta', 'meta', ['page.leadgen'])],
      ['mailchimp', source('mailchimp', 'mailchimp', ['subscribe'])],
      ['woo', source('woo', 'woocommerce', ['order.created'])],
      ['github', source('github', 'github', ['star.created'])],
      ['adyen', source('adyen', 'adyen-standard', ['AUTHORISATION'])],
      ['hubspot', source('hubspot', 'hubspot-v1', ['contact.creation'])],
    ]),
    publicUrl: 'https://hooks.example.com',
    signingSecrets: {
      read: async () => succeed({ signingSecrets: ['s1'], verifyToken: 'v1' }),
      reread: async () => undefined,
    },
    putOnBuffer: async (webhook) => {
      buffered.push(webhook);
      return succeed(undefined);
    },
    ...changes,
  };
  return {
    buffered,
    receive: async (event: HttpApiEvent) => (await receiveWebhook(event, RECEIVED_AT, dependencies)).received,
  };
}

function post(source: string, body: string, headers: Record<string, string>): HttpApiEvent {
  return {
    rawPath: `/webhooks/${source}`,
    rawQueryString: '',
    headers,
    body,
    isBase64Encoded: false,
    requestContext: { requestId: 'r1', http: { method: 'POST' } },
  };
}

function stripePost(body: string): HttpApiEvent {
  return post('stripe', body, { 'stripe-signature': stripeSignature(body, 's1', UNIX) });
}

describe('a signed webhook', () => {
  test('of a type that a mapping wants is buffered exactly as it came', async () => {
    const { buffered, receive } = setUp();
    const body = '{"id":"evt_1","type":"invoice.paid","note":"Zoë"}\r\n';

    const received = await receive(stripePost(body));

    expect(received).toMatchObject({ ok: true, value: { code: 'buffered', secretIndex: 0 } });
    expect(buffered).toStrictEqual([
      {
        webhookId: expect.any(String),
        secretIndex: 0,
        source: 'stripe',
        eventTypes: ['invoice.paid'],
        deduplicationId: 'evt_1',
        receivedAt: RECEIVED_AT,
        bodyFormat: 'json',
        headers: {},
        rawBody: Buffer.from(body),
      },
    ]);
  });

  test('keeps those of its headers that the mapping names', async () => {
    const { buffered, receive } = setUp();
    const body = '{"id":"evt_1","type":"invoice.paid"}';
    const signature = { 'stripe-signature': stripeSignature(body, 's1', UNIX) };
    await receive(post('stripe', body, { ...signature, 'X-Tenant': 't1', 'x-other': 'o1' }));

    expect(buffered[0]?.headers).toEqual({ 'x-tenant': 't1' });
  });

  test('is wanted where one of several events is on its type', async () => {
    const stripe = source('stripe', 'stripe', ['payout.*', 'invoice.paid']);
    const { buffered, receive } = setUp({ sources: new Map([['stripe', stripe]]) });
    await receive(stripePost('{"id":"evt_1","type":"invoice.paid"}'));

    expect(buffered).toHaveLength(1);
  });

  test('of a type that no mapping wants is ignored and not buffered', async () => {
    const { buffered, receive } = setUp();

    const received = await receive(stripePost('{"id":"evt_1","type":"payout.paid"}'));

    expect(received).toMatchObject({ ok: true, value: { code: 'ignored' } });
    expect(buffered).toEqual([]);
  });

  test('of Shopify has the same id whatever its unsigned id header holds', async () => {
    const { buffered, receive } = setUp();
    const body = '{"id":1}';
    const headers = {
      'x-shopify-topic': 'orders/create',
      'x-shopify-hmac-sha256': shopifySignature(body, 's1'),
    };

    await receive(post('shop', body, { ...headers, 'x-shopify-event-id': 'one' }));
    await receive(post('shop', body, { ...headers, 'x-shopify-event-id': 'two' }));

    expect(buffered.map(({ deduplicationId }) => deduplicationId)).toEqual([
      '037c9214eef74cc3887f3a4f085b4e17d76280dafd273b0ee160c09c4ba1cfd4',
      '037c9214eef74cc3887f3a4f085b4e17d76280dafd273b0ee160c09c4ba1cfd4',
    ]);
  });

  test('with a byte order mark before its JSON is understood', async () => {
    const { receive } = setUp();

    expect(await receive(stripePost('\ufeff{"id":"evt_1","type":"invoice.paid"}'))).toMatchObject({
      ok: true,
    });
  });
});

describe('a webhook that cannot be taken is named', () => {
  test.each([
    ['body-not-json', '{'],
    ['body-too-deep', `${'['.repeat(501)}${']'.repeat(501)}`],
    ['event-type-missing', '{"id":"evt_1"}'],
    ['event-type-missing', '[]'],
    ['event-type-missing', '{"id":"evt_1","type":{}}'],
  ])('%s for the signed body %s', async (code, body) => {
    expect(await setUp().receive(stripePost(body))).toMatchObject({ ok: false, failure: { code } });
  });

  test.each([
    ['body-not-base64', 'stripe', { body: '{}', isBase64Encoded: true }],
    ['body-empty', 'stripe', { body: '' }],
    ['body-empty', 'slack', { body: '' }],
  ])('%s of %s, before any secret is read', async (code, name, changes) => {
    const { receive } = setUp({
      signingSecrets: { read: () => Promise.reject(new Error('read')), reread: async () => undefined },
    });

    expect(await receive({ ...post(name, '', {}), ...changes })).toMatchObject({
      ok: false,
      failure: { code },
    });
  });

  test('unknown-source', async () => {
    expect(await setUp().receive(post('nobody', '{}', {}))).toEqual({
      ok: false,
      failure: { code: 'unknown-source' },
    });
  });

  test('no-matching-secret, before its body is even looked at', async () => {
    const { receive } = setUp();

    const received = await receive(
      post('stripe', '{', { 'stripe-signature': stripeSignature('{', 'no', UNIX) }),
    );

    expect(received).toMatchObject({ ok: false, failure: { code: 'no-matching-secret' } });
  });

  test('secret-missing when ours is, whatever the signature', async () => {
    const { receive } = setUp({
      signingSecrets: {
        read: async (secret) => fail({ code: 'secret-missing', secret }),
        reread: async () => undefined,
      },
    });

    expect(await receive(stripePost('{}'))).toMatchObject({ ok: false, failure: { code: 'secret-missing' } });
  });

  test('buffer-unavailable when it could not be buffered', async () => {
    const { receive } = setUp({
      putOnBuffer: async () => fail({ code: 'buffer-unavailable', cause: 'TimeoutError' }),
    });

    const received = await receive(stripePost('{"id":"evt_1","type":"invoice.paid"}'));

    expect(received).toMatchObject({ ok: false, failure: { code: 'buffer-unavailable' } });
  });
});

const SOURCES = ['stripe', 'shop', 'slack', 'zoom', 'meta', 'mailchimp', 'woo', 'github', 'adyen', 'hubspot'];

describe('a webhook of a batch', () => {
  test('is buffered whole, with those of its types that a mapping wants', async () => {
    const { buffered, receive } = setUp();
    const body = '[{"subscriptionType":"contact.creation"},{"subscriptionType":"contact.deletion"}]';
    const signature = createHash('sha256').update(`s1${body}`).digest('hex');

    expect(await receive(post('hubspot', body, { 'x-hubspot-signature': signature }))).toMatchObject({
      ok: true,
      value: { code: 'buffered', webhook: { eventTypes: ['contact.creation'] } },
    });
    expect(buffered).toMatchObject([{ eventTypes: ['contact.creation'], rawBody: Buffer.from(body) }]);
  });
});

describe('a secret that was rotated', () => {
  test('takes effect at once: where none matches, the secrets are read again', async () => {
    const reads: string[] = [];
    const { receive } = setUp({
      signingSecrets: {
        read: async () => succeed({ signingSecrets: ['old'] }),
        reread: async (name) => {
          reads.push(name);
          return succeed({ signingSecrets: ['s1', 'old'] });
        },
      },
    });

    expect(await receive(stripePost('{"id":"evt_1","type":"invoice.paid"}'))).toMatchObject({ ok: true });
    expect(reads).toEqual(['webhooks/stripe']);
  });

  test('is not read where the header is missing', async () => {
    const { receive } = setUp({
      signingSecrets: {
        read: async () => succeed({ signingSecrets: ['s1'] }),
        reread: async () => {
          throw new Error('read again');
        },
      },
    });

    expect(await receive(post('stripe', '{}', {}))).toMatchObject({ failure: { code: 'missing-header' } });
  });
});

describe('a handshake', () => {
  const get = (name: string, rawQueryString: string): HttpApiEvent => ({
    ...post(name, '', {}),
    rawQueryString,
    requestContext: { requestId: 'r1', http: { method: 'GET' } },
  });

  test('of Slack is answered with its challenge, once its signature is verified', async () => {
    const body = '{"type":"url_verification","challenge":"c-1"}';
    const signature = createHmac('sha256', 's1').update(`v0:${UNIX}:${body}`).digest('hex');
    const headers = { 'x-slack-request-timestamp': String(UNIX), 'x-slack-signature': `v0=${signature}` };

    expect(await setUp().receive(post('slack', body, headers))).toMatchObject({
      value: { code: 'handshake-answered', answer: { status: 200, body: 'c-1' } },
    });
    expect(await setUp().receive(post('slack', body, {}))).toMatchObject({
      failure: { code: 'missing-header' },
    });
  });

  test('of Zoom is answered with the token and its HMAC', async () => {
    const body = '{"event":"endpoint.url_validation","payload":{"plainToken":"q\\"t"}}';
    const signature = createHmac('sha256', 's1').update(`v0:${UNIX}:${body}`).digest('hex');
    const headers = { 'x-zm-request-timestamp': String(UNIX), 'x-zm-signature': `v0=${signature}` };

    const received = await setUp().receive(post('zoom', body, headers));

    const answer = received.ok && 'answer' in received.value ? received.value.answer.body : '';
    expect(JSON.parse(answer)).toEqual({
      plainToken: 'q"t',
      encryptedToken: createHmac('sha256', 's1').update('q"t').digest('hex'),
    });
  });

  test('of Meta is answered with its challenge only to the token that was agreed', async () => {
    const query = 'hub.mode=subscribe&hub.challenge=42&hub.verify_token=';

    expect(await setUp().receive(get('meta', `${query}v1`))).toMatchObject({
      value: { answer: { body: '42' } },
    });
    expect(await setUp().receive(get('meta', `${query}no`))).toMatchObject({
      failure: { code: 'no-matching-secret' },
    });
  });

  test('of Mailchimp, WooCommerce and GitHub is answered 200', async () => {
    const ping = '{"zen":"x"}';
    const signature = createHmac('sha256', 's1').update(ping).digest('hex');
    const answers = [
      await setUp().receive(get('mailchimp', '')),
      await setUp().receive(
        post('woo', 'webhook_id=7', { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }),
      ),
      await setUp().receive(
        post('github', ping, { 'x-github-event': 'ping', 'x-hub-signature-256': `sha256=${signature}` }),
      ),
    ];

    for (const answer of answers) expect(answer).toMatchObject({ value: { code: 'handshake-answered' } });
  });

  test('needs no secret where it is not authenticated, and a readable one where it is', async () => {
    const unreadable = {
      read: async (secret: string) => fail({ code: 'secret-unreadable' as const, secret, cause: 'x' }),
      reread: async () => undefined,
    };
    const { receive } = setUp({ signingSecrets: unreadable });
    const query = 'hub.mode=subscribe&hub.challenge=42&hub.verify_token=v1';

    expect(await receive(get('mailchimp', ''))).toMatchObject({ value: { code: 'handshake-answered' } });
    expect(await receive(get('meta', query))).toMatchObject({ failure: { code: 'secret-unreadable' } });
  });

  test('may be signed and still be a GET without a body', async () => {
    const slack = source('slack', 'slack', []);
    const handshakes: Source['profile']['handshakes'] = [
      {
        match: { method: 'GET' },
        authenticate: 'signature',
        respond: { status: 200, contentType: 'text/plain', body: 'ok' },
      },
    ];
    const sources = new Map([['slack', { ...slack, profile: { ...slack.profile, handshakes } }]]);
    const signature = createHmac('sha256', 's1').update(`v0:${UNIX}:`).digest('hex');
    const headers = { 'x-slack-request-timestamp': String(UNIX), 'x-slack-signature': `v0=${signature}` };

    expect(await setUp({ sources }).receive({ ...get('slack', ''), headers })).toMatchObject({
      value: { code: 'handshake-answered', answer: { body: 'ok' } },
    });
    expect(await setUp({ sources }).receive(get('slack', ''))).toMatchObject({
      failure: { code: 'missing-header' },
    });
  });

  test('of Meta without its token is refused before a secret is read', async () => {
    const read = () => Promise.reject(new Error('read'));
    const { receive } = setUp({ signingSecrets: { read, reread: async () => undefined } });

    expect(await receive(get('meta', 'hub.mode=subscribe&hub.challenge=1'))).toMatchObject({
      failure: { code: 'missing-query-parameter' },
    });
  });

  test('is not looked for in a long body, which is said where no signature is there', async () => {
    const body = `webhook_id=${'7'.repeat(20_000)}`;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const { receive } = setUp();

    expect(await receive(post('woo', body, form))).toMatchObject({
      failure: { code: 'unverified-body-too-large' },
    });
    expect(await receive(post('woo', body, { ...form, 'x-wc-webhook-signature': 'x' }))).toMatchObject({
      failure: { code: expect.not.stringContaining('too-large') },
    });
    expect(await receive(post('woo', 'webhook=7', form))).toMatchObject({
      failure: { code: 'missing-header' },
    });
  });

  test('is no way in: any other request without a signature is refused', async () => {
    expect(await setUp().receive(get('stripe', ''))).toMatchObject({
      failure: { code: 'method-not-allowed' },
    });
    expect(await setUp().receive(post('woo', '{"webhook_id":7}', {}))).toMatchObject({ ok: false });
    expect(await setUp().receive(post('stripe', '', {}))).toMatchObject({ failure: { code: 'body-empty' } });
  });
});

describe('a handshake of a mapping file', () => {
  const own = (handshakes: object[], more: object = {}): Source => {
    const profile = profileSchema.parse({
      signature: { encoding: 'hex', signature: { header: 'x-sig' } },
      eventType: [{ body: '/type' }],
      handshakes,
      ...more,
    });
    return { source: 'acme', secret: 'webhooks/acme', profile, eventTypes: ['a'], mappedHeaders: [] };
  };
  const respond = { status: 200, contentType: 'text/plain', body: 'ok' };

  const ask = async (
    source: Source,
    { method = 'POST', query = '', headers = {}, body = '' },
    secret: 'stored' | 'missing' = 'stored',
  ) => {
    const { receive } = setUp({
      sources: new Map([['acme', source]]),
      signingSecrets: {
        read: async (name) =>
          secret === 'stored'
            ? succeed({ signingSecrets: ['s1', 's0'] })
            : fail({ code: 'secret-missing', secret: name }),
        reread: async () => undefined,
      },
    });
    const event = post('acme', body, headers);
    const received = await receive({
      ...event,
      rawQueryString: query,
      requestContext: { requestId: 'r1', http: { method } },
    });
    return received.ok ? received.value : received.failure;
  };

  test('may be OPTIONS, answered by headers alone, as CloudEvents has it', async () => {
    const headers = {
      'webhook-allowed-origin': '{header:webhook-request-origin}',
      'webhook-allowed-rate': '*',
    };
    const match = { method: 'OPTIONS', headers: { 'webhook-request-origin': '*' } };
    const source = own([{ match, authenticate: 'none', respond: { status: 200, headers } }]);
    const asked = { method: 'OPTIONS', headers: { 'WebHook-Request-Origin': 'eventgrid.azure.net' } };

    const received = await ask(source, asked);

    expect(received).toMatchObject({ code: 'handshake-answered' });
    expect('answer' in received && answerReceived(received, undefined)).toEqual({
      statusCode: 200,
      headers: {
        'webhook-allowed-origin': 'eventgrid.azure.net',
        'webhook-allowed-rate': '*',
        'x-content-type-options': 'nosniff',
      },
      body: '',
    });
    expect(await ask(source, { method: 'OPTIONS' })).toMatchObject({ code: 'method-not-allowed' });
  });

  test('answers a stranger with an HMAC by the newest secret', async () => {
    const match = { method: 'GET', query: { crc_token: '*' } };
    const body = '{"response_token":"sha256={hmacBase64:query:crc_token}"}';
    const source = own([
      { match, authenticate: 'none', respond: { ...respond, contentType: 'application/json', body } },
    ]);
    const hmac = createHmac('sha256', 's1').update('c1').digest('base64');

    expect(await ask(source, { method: 'GET', query: 'crc_token=c1' })).toMatchObject({
      answer: { body: `{"response_token":"sha256=${hmac}"}` },
    });
  });

  test('shows what a person has to copy only until the secret is stored', async () => {
    const match = { method: 'POST', body: { '/verification_token': '*' } };
    const source = own([{ match, authenticate: 'none', respond, show: { body: '/verification_token' } }]);
    const asked = { body: '{"verification_token":"secret_1"}' };

    const first = await ask(source, asked, 'missing');
    const later = await ask(source, asked);

    expect(first).toMatchObject({ code: 'handshake-answered', shown: { '/verification_token': 'secret_1' } });
    expect(later).toMatchObject({ code: 'handshake-answered' });
    expect(later).not.toHaveProperty('shown');
    expect(await ask(source, { body: '{"verification_token":"a\\nb"}' }, 'missing')).not.toHaveProperty(
      'shown',
    );
  });

  test.each([
    ['cannot be read', 'secret-unreadable', { show: { body: '/verification_token' } }],
    [
      'is not stored and the answer needs it',
      'secret-missing',
      { respond: { ...respond, body: '{hmacHex:/verification_token}' } },
    ],
  ] as const)('is not answered before set-up where the secret %s', async (_, code, more) => {
    const match = { method: 'POST', body: { '/verification_token': '*' } };
    const source = own([{ match, authenticate: 'none', respond, ...more }]);
    const failure = code === 'secret-missing' ? { code, secret: 's' } : { code, secret: 's', cause: 'x' };
    const { receive } = setUp({
      sources: new Map([['acme', source]]),
      signingSecrets: { read: async () => fail(failure), reread: async () => undefined },
    });

    expect(await receive(post('acme', '{"verification_token":"secret_1"}', {}))).toMatchObject({
      ok: false,
      failure: { code },
    });
  });

  test('shows what comes with its token', async () => {
    const show = { query: 'code' };
    const source = own([{ match: { method: 'GET' }, authenticate: { token: 't' }, respond, show }]);
    const { receive } = setUp({ sources: new Map([['acme', source]]) });
    const event = { ...post('acme', '', {}), rawQueryString: 't=v1&code=2' };

    expect(
      await receive({ ...event, requestContext: { requestId: 'r1', http: { method: 'GET' } } }),
    ).toMatchObject({ ok: true, value: { shown: { code: '2' } } });
  });

  test('shows it always where the request is authenticated', async () => {
    const body = '{"type":"confirm","url":"https://h/confirm?t=1"}';
    const source = own([
      {
        match: { method: 'POST', body: { '/type': 'confirm' } },
        authenticate: 'signature',
        respond,
        show: { body: '/url' },
      },
    ]);
    const headers = { 'x-sig': createHmac('sha256', 's1').update(body).digest('hex') };

    expect(await ask(source, { body, headers })).toMatchObject({
      shown: { '/url': 'https://h/confirm?t=1' },
    });
  });

  test('with a token is not answered before that is stored, whatever it shows', async () => {
    const authenticate = { token: 't' };
    const source = own([{ match: { method: 'GET' }, authenticate, respond, show: { query: 'code' } }]);

    expect(await ask(source, { method: 'GET', query: 't=1&code=2' }, 'missing')).toMatchObject({
      code: 'secret-missing',
    });
  });
});

test('any request at all gets an answer of the closed list, never an exception', async () => {
  // By itself: fast-check's unit 'binary' takes a second to prepare.
  const unit = fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point));
  const anyText = fc.string({ unit, maxLength: 300 });
  const anyEvent = fc.record({
    rawPath: fc.oneof(fc.constantFrom(...SOURCES.map((name) => `/webhooks/${name}`)), anyText),
    rawQueryString: anyText,
    headers: fc.dictionary(
      fc.oneof(
        fc.constantFrom('stripe-signature', 'x-shopify-topic', 'x-hub-signature-256', 'content-type'),
        anyText,
      ),
      anyText,
    ),
    body: anyText,
    isBase64Encoded: fc.boolean(),
    requestContext: fc.record({
      requestId: fc.constant('r1'),
      http: fc.record({ method: fc.oneof(fc.constantFrom('POST', 'GET', 'HEAD'), anyText) }),
    }),
  });

  await fc.assert(
    fc.asyncProperty(anyEvent, async (event) => {
      const received = await setUp().receive(event);

      expect(received.ok ? 200 : answerFailure(received.failure).statusCode).toBeLessThan(500);
    }),
  );
});
