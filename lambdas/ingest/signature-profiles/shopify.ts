import type { Profile } from '../signature-scheme.ts';

/**
 * Shopify: `X-Shopify-Hmac-SHA256: <base64>` over the body alone, keyed with the app's client secret. Every other
 * `X-Shopify-*` header is unsigned, so the id is the body's hash and the topic is only trusted for routing.
 * Source: https://shopify.dev/docs/apps/build/webhooks/subscribe/https.
 */
export const shopify: Profile = {
  signature: {
    signature: {
      header: 'x-shopify-hmac-sha256',
      pick: /^([A-Za-z0-9+/]+={0,2})$/,
    },
    encoding: 'base64',
    form: '{signature}',
    content: ['{body}'],
  },
  eventType: { header: 'x-shopify-topic' },
  deduplicationId: { hashOf: 'body' },
};
