import type { Result } from '../result.ts';
import type { IngestFailure } from './ingest-failure.ts';
import type { Received } from './receive-webhook.ts';

/** What is logged of a request: the code and its facts, ids and sizes; never a header, a body or a secret. */
export function describeReceived(requestId: string, received: Result<Received, IngestFailure>): object {
  if (!received.ok) return { stage: 'ingest', requestId, ...received.failure };
  const { code, webhook, secretSlot } = received.value;
  return {
    stage: 'ingest',
    requestId,
    code,
    source: webhook.source,
    eventType: webhook.eventType,
    deduplicationId: webhook.deduplicationId,
    bytes: webhook.rawBody.byteLength,
    secretSlot,
  };
}
