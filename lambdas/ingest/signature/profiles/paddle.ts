import type { ProfileOptions } from '../../source.ts';

/**
 * Paddle Billing: `Paddle-Signature: ts=<unix>;h1=<hex>[;h1=…]` over `{ts}:{body}`. Paddle's SDKs tolerate 5 s, past only;
 * any `h1` may match (the Node SDK keeps the last alone).
 * Source: https://developer.paddle.com/webhooks/signature-verification, paddle-node-sdk webhooks-validator.ts.
 */
export const paddle = {
  signature: {
    encoding: 'hex',
    signature: { header: 'Paddle-Signature', split: ';', pick: '^h1=(.+)$' },
    timestamp: {
      header: 'Paddle-Signature',
      split: ';',
      pick: '^ts=(.*)$',
      format: 'unix',
      toleranceSeconds: 5,
      futureToleranceSeconds: 300,
    },
    content: '{timestamp}:{body}',
  },
  eventType: [{ body: '/event_type' }],
  deduplicationId: [{ body: '/event_id' }],
} satisfies ProfileOptions;
