import type { ProfileOptions } from '../../source.ts';

/**
 * Calendly: like Stripe, `t=<unix>,v1=<hex>` over `{t}.{body}`. It has no event id: the id is the object's URI and the event.
 * Source: https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures.
 */
export const calendly = {
  signature: {
    encoding: 'hex',
    signature: { header: 'Calendly-Webhook-Signature', split: ',', pick: '^v1=(.+)$' },
    timestamp: {
      header: 'Calendly-Webhook-Signature',
      split: ',',
      pick: '^t=(.*)$',
      format: 'unix',
      toleranceSeconds: 300,
    },
    content: '{timestamp}.{body}',
  },
  eventType: [{ body: '/event' }],
  deduplicationId: [{ body: '/payload/uri' }, { body: '/event' }],
} satisfies ProfileOptions;
