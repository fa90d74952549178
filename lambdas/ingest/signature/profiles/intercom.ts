import type { ProfileOptions } from '../../source.ts';

/**
 * Intercom: `X-Hub-Signature: sha1=<hex>` over the body, keyed with the app's client secret. It tests an endpoint by HEAD.
 * Source: https://developers.intercom.com/docs/webhooks/webhook-notifications.
 */
export const intercom = {
  signature: {
    algorithm: 'sha1',
    encoding: 'hex',
    signature: { header: 'X-Hub-Signature', pick: '^sha1=(.+)$' },
  },
  eventType: [{ body: '/topic' }],
  deduplicationId: [{ body: '/id' }],
  handshakes: [
    {
      match: { method: 'HEAD' },
      authenticate: 'none',
      respond: { status: 200, contentType: 'text/plain', body: '' },
    },
  ],
} satisfies ProfileOptions;
