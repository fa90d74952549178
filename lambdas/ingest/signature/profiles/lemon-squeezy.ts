import type { ProfileOptions } from '../../source.ts';

/**
 * Lemon Squeezy: `X-Signature: <hex>` over the body. The event's name is in a header, too, which is not signed. There is no id of
 * an event: `data.id` names the order or subscription, and `meta.webhook_id` the webhook's setting.
 * Source: https://docs.lemonsqueezy.com/help/webhooks/signing-requests.
 */
export const lemonSqueezy = {
  signature: { encoding: 'hex', signature: { header: 'X-Signature' } },
  eventType: [{ body: '/meta/event_name' }],
} satisfies ProfileOptions;
