import type { ProfileOptions } from '../../source.ts';

/**
 * GoCardless: `Webhook-Signature: <hex>` over the body. A batch in `events`: `payments.confirmed`, `mandates.cancelled`. Each
 * event has an id.
 * Source: https://developer.gocardless.com/api-reference/#appendix-webhooks.
 */
export const gocardless = {
  signature: { encoding: 'hex', signature: { header: 'Webhook-Signature' } },
  eventType: [{ body: '/events/*/resource_type' }, { body: '/events/*/action' }],
  itemId: [['/id']],
} satisfies ProfileOptions;
