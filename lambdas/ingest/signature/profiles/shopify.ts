import type { ProfileOptions } from '../../source.ts';

/**
 * Shopify: HMAC-SHA256 of the body, base64, keyed with the app's client secret. Every other `X-Shopify-*` header is
 * unsigned, so the id is the body's hash and the topic is only trusted for routing.
 * Source: https://shopify.dev/docs/apps/build/webhooks/subscribe/https.
 */
export const shopify = {
  signature: { encoding: 'base64', signature: { header: 'X-Shopify-Hmac-SHA256' } },
  eventType: [{ header: 'X-Shopify-Topic' }],
  apiVersion: { header: 'X-Shopify-API-Version' },
} satisfies ProfileOptions;
