import type { ProfileOptions } from '../../source.ts';

/**
 * WooCommerce: HMAC-SHA256 of the body, base64. Topic and delivery id are unsigned headers, so the id is the body's hash.
 * Saving a webhook posts an unsigned form `webhook_id=N`, which has to be answered 200.
 * Source: https://github.com/woocommerce/woocommerce-rest-api-docs, source/includes/wp-api-v3/_webhooks.md.
 */
export const woocommerce = {
  signature: { encoding: 'base64', signature: { header: 'X-WC-Webhook-Signature' } },
  eventType: [{ header: 'X-WC-Webhook-Topic' }],
  handshakes: [
    {
      match: {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: { '/webhook_id': '*' },
      },
      authenticate: 'none',
      respond: { status: 200, contentType: 'text/plain', body: 'pong' },
    },
  ],
} satisfies ProfileOptions;
