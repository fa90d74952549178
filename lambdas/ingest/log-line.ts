import { declareMetrics, type MetricDirective, type Unit, unitsOf } from '../metric-directive.ts';
import type { IngestFailure } from './failure.ts';
import type { Reception } from './receive.ts';

const WEBHOOKS = declareMetrics(['stage', 'source', 'code'], { Webhooks: 'Count' });

/** What is logged of a request: the code and its facts, ids and sizes; never a header, a body or a secret. */
export function formatReceived(requestId: string, receivedAt: Date, reception: Reception): object {
  const { received, source } = reception;
  const facts = received.ok ? formatTaken(received.value) : received.failure;
  const { ofSource, ofIngest } = measureReception(reception);
  const directives = [
    WEBHOOKS,
    declareMetrics(['source'], unitsOf(ofSource, SOURCE_METRICS)),
    declareMetrics([], unitsOf(ofIngest, INGEST_METRICS)),
  ].filter(hasMetrics);
  return {
    _aws: { Timestamp: receivedAt.getTime(), CloudWatchMetrics: directives },
    Webhooks: 1,
    ...ofSource,
    ...ofIngest,
    ...facts,
    stage: 'ingest',
    requestId,
    source: source?.source ?? 'unknown',
  };
}

function hasMetrics({ Metrics }: MetricDirective): boolean {
  return Metrics.length > 0;
}

function formatTaken(taken: Extract<Reception['received'], { ok: true }>['value']): object {
  if (taken.code === 'handshake-answered') return { code: taken.code };
  const { code, webhook, secretIndex } = taken;
  return {
    code,
    eventTypes: webhook.eventTypes,
    deduplicationId: webhook.deduplicationId,
    bytes: webhook.rawBody.byteLength,
    secretIndex: String(secretIndex),
  };
}

/** What is measured of each source. */
const SOURCE_METRICS = {
  /** 1 for a webhook that is its source's, 0 for one that looks like it and does not verify. */
  VerifiedWebhooks: 'Count',
  /** Whether another secret than the newest has signed it; measured only where another is kept. */
  OldSecretUses: 'Count',
} as const satisfies Readonly<Record<string, Unit>>;

/** What is measured of ingest as a whole. */
const INGEST_METRICS = {
  /** A webhook was answered 503, as what we were told about its source is missing or wrong. */
  Misconfigurations: 'Count',
} as const satisfies Readonly<Record<string, Unit>>;

export type SourceMetric = keyof typeof SOURCE_METRICS;
export type IngestMetric = keyof typeof INGEST_METRICS;

/**
 * Whose doing a refusal is. `nobody`: a request that no source would send, as strangers do, or what has alarms of AWS's
 * own. `forged`: signed in the right form, yet not fitting: a forgery, or a secret that only the vendor has changed.
 */
const CAUSE_OF: Readonly<Record<IngestFailure['code'], 'nobody' | 'forged' | 'misconfigured'>> = {
  'unknown-path': 'nobody',
  'unknown-source': 'nobody',
  'method-not-allowed': 'nobody',
  'body-empty': 'nobody',
  'body-not-base64': 'nobody',
  'body-too-large': 'nobody',
  'body-not-json': 'nobody',
  'body-too-deep': 'nobody',
  'event-type-missing': 'nobody',
  'buffer-unavailable': 'nobody',
  'internal-error': 'nobody',
  'missing-header': 'nobody',
  'missing-query-parameter': 'nobody',
  'missing-member': 'nobody',
  'malformed-header': 'nobody',
  'malformed-member': 'nobody',
  'repeated-header': 'nobody',
  'timestamp-too-old': 'forged',
  'timestamp-in-future': 'forged',
  'body-hash-differs': 'forged',
  'wrong-signature-length': 'forged',
  'body-re-encoded': 'forged',
  'no-matching-secret': 'forged',
  'secret-missing': 'misconfigured',
  'secret-invalid': 'misconfigured',
  'secret-unreadable': 'misconfigured',
  'secret-whitespace': 'misconfigured',
  'wrong-secret-kind': 'misconfigured',
  'secret-undecodable': 'misconfigured',
  'public-url-missing': 'misconfigured',
  'public-url-differs': 'misconfigured',
};

/** What a request counts for beside its code: what alarms watch. */
export function measureReception({ received }: Reception): {
  readonly ofSource: Readonly<Partial<Record<SourceMetric, number>>>;
  readonly ofIngest: Readonly<Partial<Record<IngestMetric, number>>>;
} {
  if (!received.ok) {
    const cause = CAUSE_OF[received.failure.code];
    return {
      ofSource: cause === 'forged' ? { VerifiedWebhooks: 0 } : {},
      ofIngest: cause === 'misconfigured' ? { Misconfigurations: 1 } : {},
    };
  }
  if (received.value.code === 'handshake-answered') return { ofSource: {}, ofIngest: {} };
  const { secretIndex, secretsKept } = received.value;
  const oldSecretUses = secretsKept > 1 ? { OldSecretUses: secretIndex > 0 ? 1 : 0 } : {};
  return { ofSource: { VerifiedWebhooks: 1, ...oldSecretUses }, ofIngest: {} };
}
