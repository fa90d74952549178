import type { ProfileOptions } from '../../source.ts';

/**
 * WorkOS: `WorkOS-Signature: t=<unix ms>, v1=<hex>` (mind the space) over `{t}.{body}`. Its SDKs tolerate three minutes.
 * Source: https://workos.com/docs/events/data-syncing/webhooks.
 */
export const workos = {
  signature: {
    encoding: 'hex',
    signature: { header: 'WorkOS-Signature', split: ',', pick: '^v1=(.+)$' },
    timestamp: {
      header: 'WorkOS-Signature',
      split: ',',
      pick: '^t=(.*)$',
      format: 'unix-ms',
      toleranceSeconds: 180,
    },
    content: '{timestamp}.{body}',
  },
  eventType: [{ body: '/event' }],
  deduplicationId: [{ body: '/id' }],
} satisfies ProfileOptions;
