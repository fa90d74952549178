import { describe, expect, test } from '@jest/globals';
import { answerFailure, answerReceived } from '../../lambdas/ingest/answer.ts';
import type { IngestFailure } from '../../lambdas/ingest/ingest-failure.ts';

const FAILURES: readonly (readonly [status: number, failure: IngestFailure, message: string])[] = [
  [
    404,
    { code: 'unknown-path' },
    'There is nothing at this path. Webhooks are taken at POST /webhooks/{source}.',
  ],
  [
    404,
    { code: 'unknown-source' },
    'No mapping folder has this name. Check the last part of the webhook URL.',
  ],
  [405, { code: 'method-not-allowed', method: 'GET' }, 'Webhooks are taken by POST, not GET.'],
  [400, { code: 'body-empty' }, 'The body is empty. Send the webhook as JSON.'],
  [400, { code: 'body-not-base64' }, 'The body is marked as base64 but is not valid base64.'],
  [400, { code: 'body-not-json' }, 'The body is not valid JSON in UTF-8.'],
  [
    400,
    { code: 'body-too-deep', limit: 500 },
    'Lists and objects of the body stand more than 500 deep within each other.',
  ],
  [
    400,
    { code: 'event-type-missing', where: 'the header x' },
    'The event type is missing: expected a non-empty text in the header x.',
  ],
  [
    413,
    { code: 'body-too-large', bytes: 3, encodedBytes: 2, limitBytes: 1 },
    'The body has 3 bytes and takes 2 on the buffer; the limit there is 1.',
  ],
  [
    401,
    { code: 'missing-header', header: 'x' },
    'The header x is missing or empty: only signed webhooks are taken. Send it, and check that no proxy drops it.',
  ],
  [
    401,
    { code: 'malformed-header', header: 'x', form: 'v1={signature}' },
    'The header x cannot be read. Expected it once, as v1={signature}. Check which signature scheme the sender uses.',
  ],
  [
    401,
    { code: 'repeated-header', header: 'x', found: 2 },
    'The header x holds 2 values where one is expected. Send it once.',
  ],
  [
    401,
    { code: 'timestamp-too-old', skewSeconds: 400, toleranceSeconds: 300 },
    "The signature's timestamp is 400 s old; at most 300 s are tolerated. Sign again, or check the sender's clock.",
  ],
  [
    401,
    { code: 'timestamp-in-future', skewSeconds: 400, toleranceSeconds: 300 },
    "The signature's timestamp is 400 s in the future; at most 300 s are tolerated. Check the sender's clock.",
  ],
  [
    401,
    { code: 'no-matching-secret', secretsTried: 2 },
    'The signature matches none of the active signing secrets (2 tried). Either the secret differs or the body was changed after it was signed: compare the secret with the sender’s.',
  ],
  [
    401,
    { code: 'missing-query-parameter', parameter: 'p' },
    'The query parameter p is missing or empty. Register the URL with it.',
  ],
  [
    401,
    { code: 'missing-member', member: '/m' },
    "The body's /m is missing or empty: only signed webhooks are taken. Switch signing on at the sender.",
  ],
  [
    401,
    { code: 'malformed-member', member: '/m', form: 'hex' },
    "The body's /m cannot be read. Expected hex. Check which kind of webhook the sender is set to.",
  ],
  [
    401,
    { code: 'body-hash-differs', parameter: 'p' },
    "The body's SHA-256 is not the one in the query parameter p: one of the two was changed on the way. Pass both on untouched.",
  ],
  [
    401,
    { code: 'wrong-signature-length', expectedBytes: 32, foundBytes: 20 },
    "The signature has 20 bytes; this scheme's have 32. It was cut, or another algorithm made it: check the scheme.",
  ],
  [
    401,
    { code: 'body-re-encoded', change: 'as JSON without spaces' },
    'The signature fits the body as JSON without spaces: something has re-written the body after it was signed. Pass the raw bytes on, without parsing them.',
  ],
  [
    503,
    { code: 'secret-whitespace', secretSlot: 0 },
    'The signature matches signing secret 0 once the white space around it is cut off. The operator has to store it without.',
  ],
  [
    503,
    { code: 'wrong-secret-kind', secretSlot: 0, configured: 'utf8', matching: 'hex' },
    'The signature matches signing secret 0 read as hex, but it is configured as utf8. The operator has to mend the secret or the scheme.',
  ],
  [
    503,
    { code: 'secret-undecodable', secretsTried: 1, expected: 'base64' },
    'No signing secret (1 tried) can be read as base64. The operator has to store one that can.',
  ],
  [
    503,
    { code: 'public-url-missing' },
    'The signature covers the URL, and nobody has said what the sender calls. The operator has to configure publicUrl.',
  ],
  [
    503,
    { code: 'public-url-differs', change: 'no query' },
    'The signature fits the configured URL with no query. The operator has to configure publicUrl as the sender has it.',
  ],
  [
    503,
    { code: 'secret-missing', secret: 's' },
    'The signing secret of this source has not been set yet. The operator has to store it.',
  ],
  [
    503,
    { code: 'secret-invalid', secret: 's', problems: [] },
    'The signing secret of this source is stored in a wrong form. The operator has to mend it.',
  ],
  [
    503,
    { code: 'secret-unreadable', secret: 's', cause: 'c' },
    'The signing secret of this source could not be read just now. Please try again.',
  ],
  [
    503,
    { code: 'buffer-unavailable', cause: 'c' },
    'The webhook could not be buffered just now. Please try again.',
  ],
  [503, { code: 'internal-error' }, 'Something went wrong on our side. Please try again.'],
];

describe('the HTTP answer', () => {
  test.each(FAILURES)('is %d with code and message for %j', (statusCode, failure, message) => {
    const answer = answerFailure(failure);

    expect(answer.statusCode).toBe(statusCode);
    expect(JSON.parse(answer.body)).toEqual({ code: failure.code, message });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    });
    expect('allow' in answer.headers).toBe(statusCode === 405);
  });

  test('names the method that would do when it is another', () => {
    expect(answerFailure({ code: 'method-not-allowed', method: 'GET' }).headers).toMatchObject({
      allow: 'POST',
    });
  });

  test('to a webhook that was taken is 200, with what its vendor wants to read', () => {
    const webhook = {
      source: 's',
      eventTypes: ['t'],
      deduplicationId: 'd',
      receivedAt: new Date(0),
      bodyFormat: 'json' as const,
      headers: {},
      webhookId: 'JKJaXmPLvHcESHA=',
      rawBody: new Uint8Array(),
    };
    const received = { code: 'ignored', webhook, secretSlot: 0, secretsKept: 1 } as const;

    expect(answerReceived(received, undefined)).toMatchObject({
      statusCode: 200,
      body: '{"code":"ignored","message":"Verified. No mapping wants this event type, so nothing will be sent."}',
    });
    expect(answerReceived({ ...received, code: 'buffered' }, undefined)).toMatchObject({
      statusCode: 200,
      body: '{"code":"buffered","message":"Verified and buffered for delivery."}',
    });
    expect(answerReceived(received, { contentType: 'text/plain', body: '[accepted]' })).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/plain' },
      body: '[accepted]',
    });
  });

  test('to a handshake is what the handshake says, and no page', () => {
    const answer = { status: 201, contentType: 'text/plain', body: 'challenge' };

    expect(answerReceived({ code: 'handshake-answered', answer }, undefined)).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' },
      body: 'challenge',
    });
  });
});
