import type { ProfileOptions } from '../../source.ts';

/**
 * Checkout.com: `Cko-Signature: <hex>` over the body, keyed with the webhook's signature key.
 * Source: https://www.checkout.com/docs/developer-resources/event-notifications/receive-webhooks.
 */
export const checkoutCom = {
  signature: { encoding: 'hex', signature: { header: 'Cko-Signature' } },
  eventType: [{ body: '/type' }],
  deduplicationId: [{ body: '/id' }],
} satisfies ProfileOptions;
