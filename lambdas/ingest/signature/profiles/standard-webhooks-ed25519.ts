import type { ProfileOptions } from '../../source.ts';

/**
 * Standard Webhooks with a public key: `webhook-signature: v1a,<base64>`; the key is base64 after `whpk_`.
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
 */
export const standardWebhooksEd25519 = {
  signature: {
    kind: 'ed25519',
    encoding: 'base64',
    signature: { header: 'webhook-signature', split: ' ', pick: '^v1a,(.+)$' },
    timestamp: { header: 'webhook-timestamp', format: 'unix', toleranceSeconds: 300 },
    id: { header: 'webhook-id' },
    content: '{id}.{timestamp}.{body}',
    secretEncoding: 'base64',
    secretPrefix: 'whpk_',
  },
  eventType: [{ body: '/type' }],
  deduplicationId: [{ header: 'webhook-id' }],
} satisfies ProfileOptions;
