import { describe, expect, test } from '@jest/globals';
import { answerFailure, answerReceived } from '../../lambdas/ingest/answer.ts';
import type { IngestFailure } from '../../lambdas/ingest/ingest-failure.ts';

const FAILURES: readonly [number, IngestFailure][] = [
  [404, { code: 'unknown-path' }],
  [404, { code: 'unknown-source' }],
  [405, { code: 'method-not-allowed', method: 'GET' }],
  [400, { code: 'body-empty' }],
  [400, { code: 'body-not-base64' }],
  [400, { code: 'body-not-json' }],
  [400, { code: 'event-type-missing', where: 'the header x' }],
  [413, { code: 'body-too-large', bytes: 3, encodedBytes: 2, limitBytes: 1 }],
  [401, { code: 'missing-header', header: 'x' }],
  [401, { code: 'malformed-header', header: 'x', form: 'v1={signature}' }],
  [401, { code: 'repeated-header', header: 'x', found: 2 }],
  [401, { code: 'timestamp-too-old', skewSeconds: 400, toleranceSeconds: 300 }],
  [401, { code: 'timestamp-in-future', skewSeconds: 400, toleranceSeconds: 300 }],
  [401, { code: 'no-matching-secret', secretsTried: 2 }],
  [401, { code: 'missing-query-parameter', parameter: 'p' }],
  [401, { code: 'missing-member', member: '/m' }],
  [401, { code: 'malformed-member', member: '/m', form: 'hex' }],
  [401, { code: 'body-hash-differs', parameter: 'p' }],
  [401, { code: 'wrong-signature-length', expectedBytes: 32, foundBytes: 20 }],
  [401, { code: 'body-re-encoded', change: 'as JSON without spaces' }],
  [503, { code: 'secret-whitespace', secretSlot: 0 }],
  [503, { code: 'wrong-secret-kind', secretSlot: 0, configured: 'utf8', matching: 'hex' }],
  [503, { code: 'secret-undecodable', secretsTried: 1, expected: 'base64' }],
  [503, { code: 'public-url-missing' }],
  [503, { code: 'public-url-differs', change: 'no query' }],
  [503, { code: 'secret-missing', secret: 's' }],
  [503, { code: 'secret-invalid', secret: 's', problems: [] }],
  [503, { code: 'secret-unreadable', secret: 's', cause: 'c' }],
  [503, { code: 'buffer-unavailable', cause: 'c' }],
  [503, { code: 'internal-error' }],
];

describe('the HTTP answer', () => {
  test.each(FAILURES)('is %d with code and message for %j', (statusCode, failure) => {
    const answer = answerFailure(failure);

    expect(answer.statusCode).toBe(statusCode);
    expect(JSON.parse(answer.body)).toEqual({
      code: failure.code,
      message: expect.stringMatching(/^[A-Z].*\.$/),
    });
  });

  test('says the limit when a body is too large', () => {
    const { body } = answerFailure({
      code: 'body-too-large',
      bytes: 3_000_000,
      encodedBytes: 1_000_001,
      limitBytes: 1_000_000,
    });

    expect(body).toContain(
      'The body has 3000000 bytes and takes 1000001 on the buffer; the limit there is 1000000.',
    );
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
    const received = { code: 'ignored', webhook, secretSlot: 0 } as const;

    expect(answerReceived(received, undefined)).toMatchObject({
      statusCode: 200,
      body: expect.stringContaining('"code":"ignored"'),
    });
    expect(answerReceived(received, { contentType: 'text/plain', body: '[accepted]' })).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/plain' },
      body: '[accepted]',
    });
  });
});
