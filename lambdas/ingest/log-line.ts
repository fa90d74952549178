import { declareMetrics, type MetricDirective, type Unit, unitsOf } from '../metric-directive.ts';
import type { Reception } from './receive.ts';
import type { IngestFailure } from './request.ts';

const WEBHOOKS = declareMetrics(['stage', 'source', 'code'], { Webhooks: 'Count' });

/** The log line of a request: the code and its facts, ids and sizes; never a header, a body or a secret. */
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
  if (taken.code === 'handshake-answered') {
    return { code: taken.code, ...(taken.shown && { toCopy: taken.shown }) };
  }
  const { code, webhook, secretIndex, apiVersion } = taken;
  return {
    code,
    eventTypes: webhook.eventTypes,
    deduplicationId: webhook.deduplicationId,
    bytes: webhook.rawBody.byteLength,
    secretIndex: String(secretIndex),
    ...(apiVersion !== undefined && { apiVersion }),
  };
}

/** What is measured of each source. */
const SOURCE_METRICS = {
  /** 1 for a webhook that verifies, 0 for one that is signed in the right form and does not. */
  VerifiedWebhooks: 'Count',
  /** 1 where another secret than the newest signed it; measured only where several are kept. */
  OldSecretUses: 'Count',
} as const satisfies Readonly<Record<string, Unit>>;

/** What is measured of ingest as a whole. */
const INGEST_METRICS = {
  /** A webhook was answered 503, because the configuration of its source is missing or wrong. */
  Misconfigurations: 'Count',
} as const satisfies Readonly<Record<string, Unit>>;

export type SourceMetric = keyof typeof SOURCE_METRICS;
export type IngestMetric = keyof typeof INGEST_METRICS;

/**
 * What a refusal points to; nothing where strangers send such requests, or AWS's own alarms cover it. `forged`: signed in the
 * right form, but it does not verify: a forgery, or a secret that was rotated only at the vendor.
 */
const CAUSE_OF: Readonly<Record<IngestFailure['code'], 'forged' | 'misconfigured' | undefined>> = {
  'unknown-path': undefined,
  'unknown-source': undefined,
  'verify-token-not-stored': undefined,
  'method-not-allowed': undefined,
  'body-empty': undefined,
  'body-not-base64': undefined,
  'content-encoding-not-taken': undefined,
  'body-not-gzip': undefined,
  'unpacked-body-too-large': undefined,
  'body-too-large': undefined,
  'body-not-json': undefined,
  'body-too-deep': undefined,
  'event-type-missing': undefined,
  'buffer-unavailable': undefined,
  'internal-error': undefined,
  'missing-header': undefined,
  'missing-query-parameter': undefined,
  'missing-member': undefined,
  'malformed-header': undefined,
  'malformed-query-parameter': undefined,
  'malformed-member': undefined,
  'repeated-header': undefined,
  'unverified-body-too-large': undefined,
  'too-many-fields': undefined,
  'ambiguous-content': undefined,
  'timestamp-too-old': 'forged',
  'timestamp-in-future': 'forged',
  'wrong-claim': 'forged',
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
  'secret-certificate-missing': 'misconfigured',
  'public-url-missing': 'misconfigured',
  'public-url-differs': 'misconfigured',
};

/** What alarms watch, beside the code. */
function measureReception({ received }: Reception): {
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
