import type { ProfileOptions } from '../../source.ts';

/**
 * Squarespace: `Squarespace-Signature: <hex>` over the body; the subscription's secret is hex.
 * Source: https://developers.squarespace.com/webhooks/verifying-notifications.
 */
export const squarespace = {
  signature: { encoding: 'hex', signature: { header: 'Squarespace-Signature' }, secretEncoding: 'hex' },
  eventType: [{ body: '/topic' }],
  deduplicationId: [{ body: '/id' }],
} satisfies ProfileOptions;
