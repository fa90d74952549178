import { createHmac } from 'node:crypto';

/** Signs as Stripe does, written apart from the code under test: https://docs.stripe.com/webhooks. */
export function stripeSignature(body: string | Uint8Array, secret: string, unixSeconds: number): string {
  const hex = createHmac('sha256', secret).update(`${unixSeconds}.`).update(body).digest('hex');
  return `t=${unixSeconds},v1=${hex}`;
}

/** Signs as Shopify does: https://shopify.dev/docs/apps/build/webhooks/subscribe/https. */
export function shopifySignature(body: string | Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('base64');
}
