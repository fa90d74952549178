import type { ProfileOptions } from '../../source.ts';

/**
 * Segment webhooks destination: `X-Signature: <hex>`, HMAC-SHA1 over the body. Only the first event of a batch is signed, so
 * that a batch does not verify: turn batching off.
 * Source: https://segment.com/docs/connections/destinations/catalog/webhooks/.
 */
export const segment = {
  signature: { algorithm: 'sha1', encoding: 'hex', signature: { header: 'X-Signature' } },
  eventType: [{ body: '/type' }, { body: '/event' }],
  deduplicationId: [{ body: '/messageId' }],
} satisfies ProfileOptions;
