import { declareMetrics, type MetricDirective, unitsOf } from '../metric-directive.ts';
import { INGEST_METRICS, measureReception, SOURCE_METRICS } from './measure-reception.ts';
import type { Reception } from './receive-webhook.ts';

const WEBHOOKS = declareMetrics(['stage', 'source', 'code'], { Webhooks: 'Count' });

/** What is logged of a request: the code and its facts, ids and sizes; never a header, a body or a secret. */
export function describeReceived(requestId: string, receivedAt: Date, reception: Reception): object {
  const { received, source } = reception;
  const facts = received.ok ? describeTaken(received.value) : received.failure;
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

function describeTaken(taken: Extract<Reception['received'], { ok: true }>['value']): object {
  if (taken.code === 'handshake-answered') return { code: taken.code };
  const { code, webhook, secretSlot } = taken;
  return {
    code,
    eventTypes: webhook.eventTypes,
    deduplicationId: webhook.deduplicationId,
    bytes: webhook.rawBody.byteLength,
    secretSlot: String(secretSlot),
  };
}
