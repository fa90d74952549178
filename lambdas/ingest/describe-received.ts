import type { Reception } from './receive-webhook.ts';

/** CloudWatch reads metrics out of log lines of this form (embedded metric format). A dimension's value is text. */
const WEBHOOKS = {
  Namespace: 'WebhookAdapter',
  Dimensions: [['stage', 'source', 'code']],
  Metrics: [{ Name: 'Webhooks', Unit: 'Count' }],
};

/** Which of a source's secrets is in use: when the older one no longer counts anything, it can go. */
const SECRET_SLOTS = {
  Namespace: 'WebhookAdapter',
  Dimensions: [['source', 'secretSlot']],
  Metrics: [{ Name: 'Webhooks', Unit: 'Count' }],
};

/** What is logged of a request: the code and its facts, ids and sizes; never a header, a body or a secret. */
export function describeReceived(requestId: string, receivedAt: Date, reception: Reception): object {
  const { received, source } = reception;
  const facts = received.ok ? describeTaken(received.value) : received.failure;
  const directives = 'secretSlot' in facts && received.ok ? [WEBHOOKS, SECRET_SLOTS] : [WEBHOOKS];
  return {
    _aws: { Timestamp: receivedAt.getTime(), CloudWatchMetrics: directives },
    Webhooks: 1,
    ...facts,
    stage: 'ingest',
    requestId,
    source: source?.source ?? 'unknown',
  };
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
