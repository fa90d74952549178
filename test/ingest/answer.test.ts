import { describe, expect, test } from '@jest/globals';
import { answerAccepted, answerFailure } from '../../lambdas/ingest/answer.ts';
import type { IngestFailure } from '../../lambdas/ingest/ingest-failure.ts';

const FAILURES: readonly [number, IngestFailure][] = [
  [404, { code: 'unknown-path' }],
  [404, { code: 'unknown-source' }],
  [405, { code: 'method-not-allowed', method: 'GET' }],
  [400, { code: 'body-empty' }],
  [400, { code: 'body-not-base64' }],
  [400, { code: 'body-not-json' }],
  [400, { code: 'event-type-missing', where: 'the header x' }],
  [400, { code: 'event-id-missing', where: 'the body' }],
  [413, { code: 'body-too-large', bytes: 2, limitBytes: 1 }],
  [401, { code: 'missing-header', header: 'x' }],
  [401, { code: 'malformed-header', header: 'x', form: 'v1={signature}' }],
  [401, { code: 'repeated-header', header: 'x', found: 2 }],
  [401, { code: 'timestamp-too-old', skewSeconds: 400, toleranceSeconds: 300 }],
  [401, { code: 'timestamp-in-future', skewSeconds: 400, toleranceSeconds: 300 }],
  [401, { code: 'no-matching-secret', secretsTried: 2 }],
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
    const { body } = answerFailure({ code: 'body-too-large', bytes: 1_000_001, limitBytes: 1_000_000 });

    expect(body).toContain('The body has 1000001 bytes; the limit is 1000000.');
  });

  test('names the method that would do when it is another', () => {
    expect(answerFailure({ code: 'method-not-allowed', method: 'GET' }).headers).toMatchObject({
      allow: 'POST',
    });
  });

  test('is 200 for what was verified, buffered or not', () => {
    expect([answerAccepted('buffered').statusCode, answerAccepted('ignored').statusCode]).toEqual([200, 200]);
  });
});
