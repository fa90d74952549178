import type { ProfileOptions } from '../../source.ts';

/**
 * Klaviyo system webhooks: HMAC-SHA256, hex, over the body and then the HTTP date of `Klaviyo-Timestamp`. A batch in `data`. No
 * window is documented, so it is a week: longer than any retry, and shorter than the ledger's 30 days.
 * Source: https://developers.klaviyo.com/en/docs/working_with_system_webhooks.
 */
export const klaviyo = {
  signature: {
    encoding: 'hex',
    signature: { header: 'Klaviyo-Signature' },
    timestamp: { header: 'Klaviyo-Timestamp', format: 'http-date', toleranceSeconds: 604_800 },
    content: '{body}{timestamp}',
  },
  eventType: [{ body: '/data/*/topic' }],
  // `meta.timestamp` is when the request was sent, so that a retry may change the body; the id of the event stays.
  itemId: [['/external_id']],
} satisfies ProfileOptions;
