import { describe, expect, test } from '@jest/globals';
import { formatReceived } from '../../../lambdas/ingest/log-line.ts';
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
  test('counts a webhook by its code, and whether an old secret has signed it', () => {
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

  test('tells of a handshake nothing but that it was answered', () => {
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

  test('has no name of a source that does not exist: anyone could make as many metrics', () => {
    const received = { ok: false, failure: { code: 'unknown-source' } } as const;

    expect(formatReceived('r1', AT, { received })).toMatchObject({ source: 'unknown' });
  });
});
