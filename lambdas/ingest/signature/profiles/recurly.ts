import type { ProfileOptions } from '../../source.ts';

/**
 * Recurly: `recurly-signature: <unix ms>,<hex>[,<hex>]` over `{timestamp}.{body}`; old and new key both sign for a day. The
 * client libraries write milliseconds (the docs' sample shows seconds) and tolerate five minutes both ways.
 * Source: https://docs.recurly.com/docs/signature-verification, recurly-client-ruby lib/recurly/webhooks.rb.
 */
export const recurly = {
  signature: {
    encoding: 'hex',
    signature: { header: 'recurly-signature', split: ',', pick: '^([0-9a-fA-F]{64})$' },
    timestamp: {
      header: 'recurly-signature',
      split: ',',
      pick: '^([0-9]{1,15})$',
      format: 'unix-ms',
      toleranceSeconds: 300,
    },
    content: '{timestamp}.{body}',
  },
  eventType: [{ body: '/object_type' }, { body: '/event_type' }],
  deduplicationId: [{ body: '/id' }],
} satisfies ProfileOptions;
