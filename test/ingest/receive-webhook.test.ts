import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { BufferedWebhook } from '../../lambdas/buffer/buffered-webhook.ts';
import { answerFailure } from '../../lambdas/ingest/answer.ts';
import type { HttpApiEvent } from '../../lambdas/ingest/read-request.ts';
import { type ReceiveDependencies, receiveWebhook } from '../../lambdas/ingest/receive-webhook.ts';
import { fail, succeed } from '../../lambdas/result.ts';
import { shopifySignature, stripeSignature } from '../sign.ts';

const RECEIVED_AT = new Date('2026-11-23T12:00:00Z');
const UNIX = RECEIVED_AT.getTime() / 1000;

function setUp(changes: Partial<ReceiveDependencies> = {}) {
  const buffered: BufferedWebhook[] = [];
  const dependencies: ReceiveDependencies = {
    sources: new Map([
      [
        'stripe',
        { source: 'stripe', verify: 'stripe', secret: 'webhooks/stripe', eventTypes: ['invoice.paid'] },
      ],
      ['shop', { source: 'shop', verify: 'shopify', secret: 'webhooks/shop', eventTypes: ['orders/create'] }],
    ]),
    signingSecrets: async () => succeed({ signingSecrets: ['s1'] }),
    putOnBuffer: async (webhook) => {
      buffered.push(webhook);
      return succeed(undefined);
    },
    ...changes,
  };
  return { buffered, receive: (event: HttpApiEvent) => receiveWebhook(event, RECEIVED_AT, dependencies) };
}

function post(source: string, body: string, headers: Record<string, string>): HttpApiEvent {
  return {
    rawPath: `/webhooks/${source}`,
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

    expect(received).toMatchObject({ ok: true, value: { code: 'buffered', secretSlot: 0 } });
    expect(buffered).toEqual([
      {
        source: 'stripe',
        eventType: 'invoice.paid',
        deduplicationId: 'evt_1',
        receivedAt: RECEIVED_AT,
        rawBody: Buffer.from(body),
      },
    ]);
  });

  test('of a type that no mapping wants is ignored and not buffered', async () => {
    const { buffered, receive } = setUp();

    const received = await receive(stripePost('{"id":"evt_1","type":"payout.paid"}'));

    expect(received).toMatchObject({ ok: true, value: { code: 'ignored' } });
    expect(buffered).toEqual([]);
  });

  test('of Shopify has the same id whatever its unsigned id header says', async () => {
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
    ['event-type-missing', '{"id":"evt_1"}'],
    ['event-type-missing', '[]'],
    ['event-type-missing', '{"id":"evt_1","type":7}'],
    ['event-id-missing', '{"type":"invoice.paid"}'],
    ['event-id-missing', '{"type":"invoice.paid","id":"a\\nb"}'],
  ])('%s for the signed body %s', async (code, body) => {
    expect(await setUp().receive(stripePost(body))).toMatchObject({ ok: false, failure: { code } });
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
    const { receive } = setUp({ signingSecrets: async (secret) => fail({ code: 'secret-missing', secret }) });

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

test('any request at all gets an answer of the closed list, never an exception', async () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 300 });
  const anyEvent = fc.record({
    rawPath: fc.oneof(fc.constantFrom('/webhooks/stripe', '/webhooks/shop'), anyText),
    headers: fc.dictionary(
      fc.oneof(fc.constantFrom('stripe-signature', 'x-shopify-topic'), anyText),
      anyText,
    ),
    body: anyText,
    isBase64Encoded: fc.boolean(),
    requestContext: fc.record({
      requestId: fc.constant('r1'),
      http: fc.record({ method: fc.oneof(fc.constant('POST'), anyText) }),
    }),
  });

  await fc.assert(
    fc.asyncProperty(anyEvent, async (event) => {
      const received = await setUp().receive(event);

      expect(received.ok ? 200 : answerFailure(received.failure).statusCode).toBeLessThan(500);
    }),
  );
});
