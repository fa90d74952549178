import { describe, expect, test } from '@jest/globals';
import { answerReceived } from '../../../lambdas/ingest/answer.ts';
import { answerFailure } from '../../../lambdas/ingest/failure-answer.ts';
import type { IngestFailure } from '../../../lambdas/ingest/request.ts';

/** One of every code, and the status it is answered with: a code without an entry does not compile. */
const FAILURES: {
  readonly [Code in IngestFailure['code']]: readonly [
    status: number,
    failure: Extract<IngestFailure, { readonly code: Code }>,
  ];
} = {
  'unknown-path': [404, { code: 'unknown-path' }],
  'unknown-source': [404, { code: 'unknown-source' }],
  'method-not-allowed': [405, { code: 'method-not-allowed', method: 'GET' }],
  'body-empty': [400, { code: 'body-empty' }],
  'body-not-base64': [400, { code: 'body-not-base64' }],
  'content-encoding-not-taken': [415, { code: 'content-encoding-not-taken', encoding: 'br' }],
  'body-not-gzip': [400, { code: 'body-not-gzip' }],
  'unpacked-body-too-large': [413, { code: 'unpacked-body-too-large', limitBytes: 8 }],
  'body-not-json': [400, { code: 'body-not-json' }],
  'body-too-deep': [400, { code: 'body-too-deep', limit: 500 }],
  'event-type-missing': [400, { code: 'event-type-missing', where: 'the header x' }],
  'body-too-large': [413, { code: 'body-too-large', bytes: 3, encodedBytes: 2, limitBytes: 1 }],
  'verify-token-not-stored': [401, { code: 'verify-token-not-stored' }],
  'unverified-body-too-large': [413, { code: 'unverified-body-too-large', bytes: 3, limitBytes: 2 }],
  'too-many-fields': [413, { code: 'too-many-fields', limit: 1_000 }],
  'ambiguous-content': [401, { code: 'ambiguous-content', part: '{id}', form: 'text without "."' }],
  'missing-header': [401, { code: 'missing-header', header: 'x' }],
  'malformed-header': [401, { code: 'malformed-header', header: 'x', form: 'v1={signature}' }],
  'repeated-header': [401, { code: 'repeated-header', header: 'x', found: 2 }],
  'timestamp-too-old': [401, { code: 'timestamp-too-old', skewSeconds: 400, toleranceSeconds: 300 }],
  'timestamp-in-future': [401, { code: 'timestamp-in-future', skewSeconds: 400, toleranceSeconds: 300 }],
  'no-matching-secret': [401, { code: 'no-matching-secret', secretsTried: 2 }],
  'missing-query-parameter': [401, { code: 'missing-query-parameter', parameter: 'p' }],
  'missing-member': [401, { code: 'missing-member', member: '/m' }],
  'malformed-member': [401, { code: 'malformed-member', member: '/m', form: 'hex' }],
  'malformed-query-parameter': [401, { code: 'malformed-query-parameter', parameter: 'p', form: 'hex' }],
  'wrong-claim': [401, { code: 'wrong-claim', claim: 'iss', expected: 'acme' }],
  'body-hash-differs': [401, { code: 'body-hash-differs', parameter: 'p' }],
  'wrong-signature-length': [401, { code: 'wrong-signature-length', expectedBytes: 32, foundBytes: 20 }],
  'body-re-encoded': [401, { code: 'body-re-encoded', change: 'as JSON without spaces' }],
  'secret-whitespace': [503, { code: 'secret-whitespace', secretIndex: 0 }],
  'wrong-secret-kind': [
    503,
    { code: 'wrong-secret-kind', secretIndex: 0, configured: 'utf8', matching: 'hex' },
  ],
  'secret-certificate-missing': [503, { code: 'secret-certificate-missing', certificate: 'CERT-1' }],
  'secret-undecodable': [503, { code: 'secret-undecodable', secretsTried: 1, expected: 'base64' }],
  'public-url-missing': [503, { code: 'public-url-missing' }],
  'public-url-differs': [503, { code: 'public-url-differs', change: 'no query' }],
  'secret-missing': [503, { code: 'secret-missing', secret: 's' }],
  'secret-invalid': [503, { code: 'secret-invalid', secret: 's', problems: [] }],
  'secret-unreadable': [503, { code: 'secret-unreadable', secret: 's', cause: 'c' }],
  'buffer-unavailable': [503, { code: 'buffer-unavailable', cause: 'c' }],
  'internal-error': [503, { code: 'internal-error' }],
};

describe('the HTTP answer', () => {
  test.each(Object.values(FAILURES))('is %d with the code and a sentence for %j', (statusCode, failure) => {
    const answer = answerFailure(failure);

    expect(answer.statusCode).toBe(statusCode);
    expect(JSON.parse(answer.body)).toEqual({
      code: failure.code,
      message: expect.stringMatching(/^[A-Z].*\.$/),
    });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
    });
    expect('allow' in answer.headers).toBe(statusCode === 405);
  });

  // A change that is wanted is recorded with `-u`, and read in the review.
  test('names in a sentence what is wrong, and who has to do what', () => {
    const sentences = Object.entries(FAILURES).map(([code, [, failure]]) => [
      code,
      JSON.parse(answerFailure(failure).body).message,
    ]);

    expect(Object.fromEntries(sentences)).toMatchSnapshot();
  });

  test('speaks of a token, and of no signature, where the secret itself travels', () => {
    const answer = answerFailure({ code: 'no-matching-secret', secretsTried: 1, isShared: true });

    expect(JSON.parse(answer.body).message).toBe(
      'The token that was sent is another than those that are stored (1 tried). Compare it with the sender’s.',
    );
  });

  test('has no body for a vendor that wants none: Xero', () => {
    const failure = { code: 'no-matching-secret', secretsTried: 1 } as const;

    expect(answerFailure(failure, { contentType: 'text/plain', body: '' })).toMatchObject({
      statusCode: 401,
      body: '',
    });
    expect(answerFailure(failure, { contentType: 'text/plain', body: 'ok' }).body).not.toBe('');
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
    const received = { code: 'ignored', webhook, secretIndex: 0, secretsKept: 1 } as const;

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

  test('to a handshake is the one of its profile, and never a page', () => {
    const answer = { status: 201, contentType: 'text/plain', body: 'challenge' };

    expect(answerReceived({ code: 'handshake-answered', answer }, undefined)).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' },
      body: 'challenge',
    });
  });
});
