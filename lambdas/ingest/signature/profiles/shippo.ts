import type { ProfileOptions } from '../../source.ts';

/**
 * Shippo: `Shippo-Auth-Signature: t=<unix>,v1=<hex>`, once Shippo has switched it on and sent the secret. Nothing names an event.
 * Source: https://docs.goshippo.com/tracking/webhook-security; it documents no window, which is 300 s here.
 */
export const shippo = {
  signature: {
    encoding: 'hex',
    signature: { header: 'Shippo-Auth-Signature', split: ',', pick: '^v1=(.+)$' },
    timestamp: {
      header: 'Shippo-Auth-Signature',
      split: ',',
      pick: '^t=(.+)$',
      format: 'unix',
      toleranceSeconds: 300,
    },
    content: '{timestamp}.{body}',
  },
  eventType: [{ body: '/event' }],
} satisfies ProfileOptions;
