import type { ProfileOptions } from '../../source.ts';

/**
 * Stripe: `Stripe-Signature: t=<unix>,v1=<hex>[,v1=…]`; the `whsec_…` secret is used as it is. `v0` is a test-mode decoy
 * and never counts. Stripe's SDKs tolerate 300 s, past only; here a timestamp from the future is refused as well.
 * Source: https://docs.stripe.com/webhooks, npm `stripe` Webhooks.js.
 */
export const stripe = {
  signature: {
    encoding: 'hex',
    signature: { header: 'Stripe-Signature', split: ',', pick: '^v1=(.+)$' },
    timestamp: {
      header: 'Stripe-Signature',
      split: ',',
      pick: '^t=(.*)$',
      format: 'unix',
      toleranceSeconds: 300,
    },
    content: '{timestamp}.{body}',
  },
  eventType: [{ body: '/type' }],
  deduplicationId: [{ body: '/id' }],
  apiVersion: { body: '/api_version' },
} satisfies ProfileOptions;
