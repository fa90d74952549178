import type { ProfileKnobs } from '../profile.ts';

/**
 * BigCommerce: as Standard Webhooks, but the client secret is the key as it is, neither prefixed nor base64.
 * Source: https://github.com/bigcommerce/docs, docs/integrations/webhooks/https-webhook-overview.mdx.
 */
export const bigcommerce = {
  signature: {
    encoding: 'base64',
    signature: { header: 'webhook-signature', split: ' ', pick: '^v1,(.+)$' },
    timestamp: { header: 'webhook-timestamp', format: 'unix', toleranceSeconds: 300 },
    id: { header: 'webhook-id' },
    content: '{id}.{timestamp}.{body}',
  },
  eventType: [{ body: '/scope' }],
  deduplicationId: [{ header: 'webhook-id' }],
} satisfies ProfileKnobs;
