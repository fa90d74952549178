import type { ProfileOptions } from '../../source.ts';

/**
 * Razorpay: HMAC-SHA256, hex, over the body. Its event id is an unsigned header, so the id is the body's hash. Retries of old
 * events stay signed with the old secret: keep both for a day.
 * Source: https://razorpay.com/docs/webhooks/validate-test/.
 */
export const razorpay = {
  signature: { encoding: 'hex', signature: { header: 'X-Razorpay-Signature' } },
  eventType: [{ body: '/event' }],
} satisfies ProfileOptions;
