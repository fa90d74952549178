import { describe, expect, test } from '@jest/globals';
import type { IngestFailure } from '../../../lambdas/ingest/failure.ts';
import { measureReception } from '../../../lambdas/ingest/log-line.ts';
import type { Reception } from '../../../lambdas/ingest/receive.ts';

const refused = (code: string) => measureReception({ received: { ok: false, failure: failure(code) } });
const failure = (code: string) => ({ code }) as unknown as IngestFailure;
const taken = (secretIndex: number, secretsKept: number) =>
  measureReception({
    received: { ok: true, value: { code: 'ignored', secretIndex, secretsKept } },
  } as Reception);

describe("a webhook that is its source's", () => {
  test('counts as traffic, whether a mapping wants it or not', () => {
    expect(taken(0, 1)).toEqual({ ofSource: { VerifiedWebhooks: 1 }, ofIngest: {} });
  });

  test.each([
    [0, 0],
    [1, 1],
    [2, 1],
  ])('signed by secret %i of several, tells whether an old one is in use', (index, uses) => {
    expect(taken(index, 3).ofSource).toEqual({ VerifiedWebhooks: 1, OldSecretUses: uses });
  });
});

describe('a request that is refused', () => {
  test.each(['no-matching-secret', 'timestamp-too-old', 'body-re-encoded', 'wrong-signature-length'])(
    'for %s is signed as its source would, and counts as a webhook that is not',
    (code) => {
      expect(refused(code)).toEqual({ ofSource: { VerifiedWebhooks: 0 }, ofIngest: {} });
    },
  );

  test.each([
    'missing-header',
    'malformed-header',
    'unknown-source',
    'unknown-path',
    'body-not-json',
    'body-too-deep',
  ])('for %s is what strangers send, and counts nothing', (code) => {
    expect(refused(code)).toEqual({ ofSource: {}, ofIngest: {} });
  });

  test.each([
    'secret-missing',
    'secret-invalid',
    'secret-unreadable',
    'secret-whitespace',
    'public-url-differs',
  ])('for %s is ours to mend', (code) => {
    expect(refused(code)).toEqual({ ofSource: {}, ofIngest: { Misconfigurations: 1 } });
  });
});

test('a handshake is no traffic', () => {
  const value = { code: 'handshake-answered', answer: { status: 200, contentType: '', body: '' } } as const;

  expect(measureReception({ received: { ok: true, value } })).toEqual({ ofSource: {}, ofIngest: {} });
});
