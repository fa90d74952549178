import type { ProfileOptions } from '../../source.ts';

/**
 * Klaviyo system webhooks: HMAC-SHA256, hex, over the body and then the HTTP date of `Klaviyo-Timestamp`. A batch in `data`.
 * Source: https://developers.klaviyo.com/en/docs/working_with_system_webhooks.
 */
export const klaviyo = {
  signature: {
    encoding: 'hex',
    signature: { header: 'Klaviyo-Signature' },
    timestamp: { header: 'Klaviyo-Timestamp', format: 'http-date' },
    content: '{body}{timestamp}',
  },
  eventType: [{ body: '/data/*/topic' }],
  // `meta.timestamp` is when the request was sent, so that a retry may change the body; the id of the event stays.
  itemId: [['/external_id']],
} satisfies ProfileOptions;
