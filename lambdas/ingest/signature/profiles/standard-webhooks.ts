import type { ProfileOptions } from '../../source.ts';

/**
 * Standard Webhooks (Clerk, OpenAI, Polar, Replicate, …): `webhook-signature: v1,<base64>[ v1,…]`; the secret is base64
 * after `whsec_`. The id is signed and stays the same over retries.
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
 */
export const standardWebhooks = {
  signature: {
    encoding: 'base64',
    signature: { header: 'webhook-signature', split: ' ', pick: '^v1,(.+)$' },
    timestamp: { header: 'webhook-timestamp', format: 'unix', toleranceSeconds: 300 },
    id: { header: 'webhook-id' },
    content: '{id}.{timestamp}.{body}',
    secretEncoding: 'base64',
    secretPrefix: 'whsec_',
  },
  eventType: [{ body: '/type' }],
  deduplicationId: [{ header: 'webhook-id' }],
} satisfies ProfileOptions;
