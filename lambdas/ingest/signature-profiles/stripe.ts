import type { Profile } from '../signature-scheme.ts';

const HEADER = 'stripe-signature';

/**
 * Stripe: `Stripe-Signature: t=<unix>,v1=<hex>[,v1=…]`, signed `{t}.{body}`; the `whsec_…` secret is used as it is.
 * `v0` is a test-mode decoy and never counts. Stripe's SDKs tolerate 300 s, past only; here a timestamp from the
 * future is refused as well. Source: https://docs.stripe.com/webhooks, npm `stripe` Webhooks.js.
 */
export const stripe: Profile = {
  signature: {
    signature: { header: HEADER, split: ',', pick: /^v1=([0-9a-fA-F]+)$/ },
    encoding: 'hex',
    form: 't={timestamp},v1={signature}',
    timestamp: { header: HEADER, split: ',', pick: /^t=(.*)$/, toleranceSeconds: 300 },
    content: ['{timestamp}', '.', '{body}'],
  },
  eventType: { member: 'type' },
  deduplicationId: { member: 'id' },
};
