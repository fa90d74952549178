import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { formatReceived } from '../../../lambdas/ingest/log-line.ts';
import type { Reception } from '../../../lambdas/ingest/receive.ts';
import type { IngestFailure } from '../../../lambdas/ingest/request.ts';
import { findProfile } from '../../../lambdas/ingest/signature/profiles/profiles.ts';

const AT = new Date('2026-11-24T09:30:00Z');

const profile = findProfile('shopify');
if (profile === undefined) throw new Error('no profile');
const source = {
  source: 'shop',
  secret: 'webhooks/shop',
  profile,
  eventTypes: ['orders/create'],
  mappedHeaders: [],
};

const webhook = {
  source: 'shop',
  eventTypes: ['orders/create'],
  deduplicationId: 'd1',
  receivedAt: AT,
  bodyFormat: 'json',
  headers: {},
  webhookId: 'JKJaXmPLvHcESHA=',
  rawBody: Buffer.from('{"email":"ann@example.com"}'),
} as const;

describe('the log line of a request', () => {
  test('has the version of the vendor’s API where the webhook names one', () => {
    const value = {
      code: 'buffered',
      webhook,
      secretIndex: 0,
      secretsKept: 1,
      apiVersion: '2026-04',
    } as const;

    expect(formatReceived('r1', AT, { source, received: { ok: true, value } })).toMatchObject({
      apiVersion: '2026-04',
    });
  });

  test('counts a webhook by its code, and the uses of an old secret', () => {
    const received = {
      ok: true,
      value: { code: 'buffered', webhook, secretIndex: 1, secretsKept: 2 },
    } as const;

    expect(formatReceived('r1', AT, { source, received })).toEqual({
      _aws: {
        Timestamp: AT.getTime(),
        CloudWatchMetrics: [
          {
            Namespace: 'WebhookAdapter',
            Dimensions: [['stack', 'stage', 'source', 'code']],
            Metrics: [{ Name: 'Webhooks' }],
          },
          {
            Namespace: 'WebhookAdapter',
            Dimensions: [['stack', 'source']],
            Metrics: [{ Name: 'VerifiedWebhooks' }, { Name: 'OldSecretUses' }],
          },
        ],
      },
      Webhooks: 1,
      VerifiedWebhooks: 1,
      OldSecretUses: 1,
      stage: 'ingest',
      requestId: 'r1',
      source: 'shop',
      code: 'buffered',
      eventTypes: ['orders/create'],
      deduplicationId: 'd1',
      bytes: 27,
      secretIndex: '1',
    });
  });

  test('of a handshake shows what a person has to copy, by its name', () => {
    const answer = { status: 200, body: '' };
    const value = { code: 'handshake-answered', answer, shown: { '/verification_token': 't1' } } as const;

    expect(formatReceived('r1', AT, { source, received: { ok: true, value } })).toMatchObject({
      code: 'handshake-answered',
      toCopy: { '/verification_token': 't1' },
    });
  });

  test('of a handshake has only its code', () => {
    const answer = { status: 200, contentType: 'text/plain', body: 'challenge' };
    const received = { ok: true, value: { code: 'handshake-answered', answer } } as const;

    expect(formatReceived('r1', AT, { source, received })).toEqual({
      _aws: expect.objectContaining({ Timestamp: AT.getTime() }),
      Webhooks: 1,
      stage: 'ingest',
      requestId: 'r1',
      source: 'shop',
      code: 'handshake-answered',
    });
  });

  test('names the source of a webhook that was refused, and counts no secret for it', () => {
    const received = { ok: false, failure: { code: 'secret-whitespace', secretIndex: 0 } } as const;

    expect(formatReceived('r1', AT, { source, received })).toMatchObject({
      _aws: {
        CloudWatchMetrics: [
          { Dimensions: [['stack', 'stage', 'source', 'code']] },
          { Dimensions: [['stack']], Metrics: [{ Name: 'Misconfigurations' }] },
        ],
      },
      Misconfigurations: 1,
      source: 'shop',
      code: 'secret-whitespace',
    });
  });

  test('does not name a source that does not exist: anyone could create metrics that way', () => {
    const received = { ok: false, failure: { code: 'unknown-source' } } as const;

    expect(formatReceived('r1', AT, { received })).toMatchObject({ source: 'unknown' });
  });
});

/** What the line declares as metrics of the source and of the stack, beside the count of webhooks. */
function metricsOf(received: Reception['received']) {
  const line = z
    .looseObject({ _aws: directivesSchema })
    .parse(formatReceived('r1', AT, { source, received }));
  const [, ...directives] = line._aws.CloudWatchMetrics;
  const measured = (dimensions: string) =>
    Object.fromEntries(
      directives
        .filter(({ Dimensions }) => Dimensions.join() === dimensions)
        .flatMap(({ Metrics }) => Metrics.map(({ Name }) => [Name, line[Name]])),
    );
  return { ofSource: measured('stack,source'), ofIngest: measured('stack') };
}

const directivesSchema = z.object({
  CloudWatchMetrics: z.array(
    z.object({
      Dimensions: z.array(z.array(z.string())),
      Metrics: z.array(z.object({ Name: z.string() })),
    }),
  ),
});

const refused = (code: string) => metricsOf({ ok: false, failure: { code } as unknown as IngestFailure });
const taken = (secretIndex: number, secretsKept: number) =>
  metricsOf({ ok: true, value: { code: 'ignored', webhook, secretIndex, secretsKept } });

describe('a webhook that verifies', () => {
  test('counts as traffic, also where no mapping wants it', () => {
    expect(taken(0, 1)).toEqual({ ofSource: { VerifiedWebhooks: 1 }, ofIngest: {} });
  });

  test.each([
    [0, 0],
    [1, 1],
    [2, 1],
  ])('signed by secret %i of several, measures whether an old one is in use', (index, uses) => {
    expect(taken(index, 3).ofSource).toEqual({ VerifiedWebhooks: 1, OldSecretUses: uses });
  });
});

describe('a request that is refused', () => {
  test.each([
    'no-matching-secret',
    'timestamp-too-old',
    'timestamp-in-future',
    'wrong-claim',
    'body-hash-differs',
    'body-re-encoded',
    'wrong-signature-length',
  ])('for %s has the form of a signed webhook, and counts as one that does not verify', (code) => {
    expect(refused(code)).toEqual({ ofSource: { VerifiedWebhooks: 0 }, ofIngest: {} });
  });

  test.each([
    'missing-header',
    'malformed-header',
    'unknown-source',
    'unknown-path',
    'body-not-json',
    'body-too-deep',
  ])('for %s may come from a stranger, and counts nothing', (code) => {
    expect(refused(code)).toEqual({ ofSource: {}, ofIngest: {} });
  });

  test.each([
    'secret-missing',
    'secret-invalid',
    'secret-unreadable',
    'secret-whitespace',
    'wrong-secret-kind',
    'secret-undecodable',
    'secret-certificate-missing',
    'public-url-missing',
    'public-url-differs',
  ])('for %s counts as a misconfiguration', (code) => {
    expect(refused(code)).toEqual({ ofSource: {}, ofIngest: { Misconfigurations: 1 } });
  });
});

test('a handshake is no traffic', () => {
  const value = { code: 'handshake-answered', answer: { status: 200, contentType: '', body: '' } } as const;

  expect(metricsOf({ ok: true, value })).toEqual({ ofSource: {}, ofIngest: {} });
});
