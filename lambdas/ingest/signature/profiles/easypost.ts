import type { ProfileOptions } from '../../source.ts';

/**
 * EasyPost: `X-Hmac-Signature: hmac-sha256-hex=<hex>` over the body. A retry has other `completed_urls`, and the same id.
 * Source: https://docs.easypost.com/guides/webhooks-guide, easypost-node util.js.
 */
export const easypost = {
  signature: {
    encoding: 'hex',
    signature: { header: 'X-Hmac-Signature', pick: '^hmac-sha256-hex=(.+)$' },
  },
  eventType: [{ body: '/description' }],
  deduplicationId: [{ body: '/id' }],
} satisfies ProfileOptions;
