import { describe, expect, test } from '@jest/globals';
import type { IngestFailure } from '../../../lambdas/ingest/request.ts';
import {
  type HttpApiEvent,
  httpApiEventSchema,
  isPacked,
  readHead,
  readRawBody,
  type WebhookRequest,
} from '../../../lambdas/ingest/request.ts';
import { type Result, succeed } from '../../../lambdas/result.ts';

function httpEvent(changes: Partial<HttpApiEvent> = {}, method = 'POST'): HttpApiEvent {
  return {
    rawPath: '/webhooks/stripe',
    rawQueryString: '',
    headers: {},
    body: '{}',
    isBase64Encoded: false,
    requestContext: { requestId: 'r1', http: { method } },
    ...changes,
  };
}

/** Head and body, as ingest reads them one after the other. */
function readBoth(event: HttpApiEvent): Result<WebhookRequest, IngestFailure> {
  const head = readHead(event);
  if (!head.ok) return head;
  const body = readRawBody(event);
  return body.ok ? succeed({ ...head.value, rawBody: body.value }) : body;
}

describe('a request to a webhook URL', () => {
  test('names its source and keeps its bytes', () => {
    const body = '{"a":"Zoë \\u001b"}\r\n';

    const request = readBoth(httpEvent({ body }));

    expect(request).toMatchObject({ ok: true, value: { source: 'stripe' } });
    expect(request.ok && Buffer.from(request.value.rawBody).equals(Buffer.from(body))).toBe(true);
  });

  test('that came base64-encoded is decoded to the bytes that were sent', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);

    const request = readBoth(httpEvent({ body: bytes.toString('base64'), isBase64Encoded: true }));

    expect(request.ok && Buffer.from(request.value.rawBody).equals(bytes)).toBe(true);
  });

  test.each([
    ['', ''],
    ['AA==', '00'],
    ['AAA=', '0000'],
    ['AAAA', '000000'],
  ])('may be the base64 %j', (body, hex) => {
    const request = readBoth(httpEvent({ body, isBase64Encoded: true }));

    expect(request.ok && Buffer.from(request.value.rawBody).toString('hex')).toBe(hex);
  });

  test('may end in a slash, and has method and query as they came', () => {
    const { body, ...event } = httpEvent({ rawPath: '/webhooks/a-1/', rawQueryString: 'a=%20' }, 'HEAD');

    expect(readBoth(event)).toEqual({
      ok: true,
      value: {
        requestId: 'r1',
        source: 'a-1',
        method: 'HEAD',
        query: 'a=%20',
        headers: new Map(),
        rawBody: Buffer.from(''),
      },
    });
  });

  test('is read from an event of API Gateway, which may leave out what is empty and may add more', () => {
    const requestContext = { requestId: 'r1', http: { method: 'GET' } };
    const event = { rawPath: '/', isBase64Encoded: false, requestContext };

    expect(httpApiEventSchema.parse({ ...event, version: '2.0' })).toEqual({
      ...event,
      rawQueryString: '',
      headers: {},
    });
    for (const name of ['rawPath', 'isBase64Encoded', 'requestContext']) {
      expect(httpApiEventSchema.safeParse({ ...event, [name]: undefined }).success).toBe(false);
    }
    expect(httpApiEventSchema.safeParse({ ...event, requestContext: { requestId: 'r1' } }).success).toBe(
      false,
    );
  });

  test('has its headers under their lower-case names, repeated ones joined', () => {
    const request = readBoth(httpEvent({ headers: { 'X-One': '1', 'x-one': '2', 'X-Two': '3' } }));

    expect(request.ok && [...request.value.headers]).toEqual([
      ['x-one', '1,2'],
      ['x-two', '3'],
    ]);
  });
});

describe('a wrong request is named', () => {
  test.each([
    ['unknown-path', httpEvent({ rawPath: '/' })],
    ['unknown-path', httpEvent({ rawPath: '/webhooks/stripe/more' })],
    ['unknown-path', httpEvent({ rawPath: '/webhooks/' })],
    ['unknown-path', httpEvent({ rawPath: '/webhooks//' })],
    ['unknown-path', httpEvent({ rawPath: '/more/webhooks/stripe' })],
    ['body-not-base64', httpEvent({ body: 'AAAA*AAA', isBase64Encoded: true })],
    ['body-not-base64', httpEvent({ body: '*AAA', isBase64Encoded: true })],
    ['body-not-base64', httpEvent({ body: 'AAA*', isBase64Encoded: true })],
    ['body-not-base64', httpEvent({ body: 'A===', isBase64Encoded: true })],
    ['body-not-base64', httpEvent({ body: 'AAAAA', isBase64Encoded: true })],
    ['body-not-base64', httpEvent({ body: '{"a":1}', isBase64Encoded: true })],
    ['body-not-base64', httpEvent({ body: 'YWJj=', isBase64Encoded: true })],
  ])('%s', (code, event) => {
    expect(readBoth(event)).toMatchObject({ ok: false, failure: { code } });
  });
});

describe('a body', () => {
  const head = { requestId: 'r1', source: 's', method: 'POST', query: '' };
  const packed = (bytes: readonly number[], headers: Record<string, string> = {}) =>
    isPacked({ ...head, headers: new Map(Object.entries(headers)), rawBody: Uint8Array.from(bytes) });

  test('may be packed where it begins as gzip, or says so', () => {
    expect(packed([0x1f, 0x8b, 8])).toBe(true);
    expect(packed([0x7b], { 'content-encoding': 'br' })).toBe(true);
  });

  test.each([[[0x7b, 0x7d]], [[0x1f, 0x7d]], [[0x7b, 0x8b]], [[]]])(
    'is not where it begins otherwise: %j',
    (bytes) => {
      expect(packed(bytes)).toBe(false);
    },
  );
});
