import type { ProfileOptions } from '../../source.ts';

/**
 * Square: HMAC-SHA256, base64, over the notification URL exactly as configured at Square, then the body.
 * Source: https://developer.squareup.com/docs/webhooks/step3validate, square-nodejs-sdk WebhooksHelper.ts.
 */
export const square = {
  signature: {
    encoding: 'base64',
    signature: { header: 'x-square-hmacsha256-signature' },
    content: '{url}{body}',
  },
  eventType: [{ body: '/type' }],
  deduplicationId: [{ body: '/event_id' }],
} satisfies ProfileOptions;
