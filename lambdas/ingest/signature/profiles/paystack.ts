import type { ProfileOptions } from '../../source.ts';

/**
 * Paystack: `x-paystack-signature: <hex HMAC-SHA512>` over the body, keyed with the secret API key (`sk_live_…`). There is no id
 * of an event: `data.id` names the charge or transfer.
 * Source: https://paystack.com/docs/payments/webhooks/.
 */
export const paystack = {
  signature: { algorithm: 'sha512', encoding: 'hex', signature: { header: 'x-paystack-signature' } },
  eventType: [{ body: '/event' }],
} satisfies ProfileOptions;
