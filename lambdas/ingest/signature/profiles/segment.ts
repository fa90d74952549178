import type { ProfileOptions } from '../../source.ts';

/**
 * Segment webhooks destination: `X-Signature: <hex>`, HMAC-SHA1 over the body. Of a batch only the first event is signed, so
 * that a batch does not verify: switch batching off.
 * Source: https://segment.com/docs/connections/destinations/catalog/webhooks/.
 */
export const segment = {
  signature: { algorithm: 'sha1', encoding: 'hex', signature: { header: 'X-Signature' } },
  eventType: [{ body: '/type' }, { body: '/event' }],
  deduplicationId: [{ body: '/messageId' }],
} satisfies ProfileOptions;
