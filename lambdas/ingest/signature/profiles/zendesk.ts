import type { ProfileOptions } from '../../source.ts';

/**
 * Zendesk: HMAC-SHA256, base64, over `{timestamp}{body}`; the secret looks like base64 and is used as text. No window is
 * documented, so it is a week: longer than any retry, and shorter than the ledger's 30 days. An older revision of the docs has the two the other way round: change
 * `content` for an account that signs so.
 * Source: https://developer.zendesk.com/documentation/webhooks/verifying/.
 */
export const zendesk = {
  signature: {
    encoding: 'base64',
    signature: { header: 'X-Zendesk-Webhook-Signature' },
    timestamp: {
      header: 'X-Zendesk-Webhook-Signature-Timestamp',
      format: 'iso8601',
      toleranceSeconds: 604_800,
    },
    content: '{timestamp}{body}',
  },
  eventType: [{ body: '/type' }],
  deduplicationId: [{ body: '/id' }],
} satisfies ProfileOptions;
