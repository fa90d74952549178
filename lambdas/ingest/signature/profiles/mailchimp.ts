import type { ProfileOptions } from '../../source.ts';

/**
 * Mailchimp Marketing: no signature; a secret in the webhook's URL, here `?secret=…`. The body is a form. It tests an endpoint
 * by GET. It proves who sent the webhook, not what: nothing is signed, so that the id is the body's hash. A retry has the
 * same body.
 * Source: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/.
 */
export const mailchimp = {
  signature: { kind: 'sharedSecret', sharedSecret: { in: 'query', name: 'secret' } },
  eventType: [{ body: '/type' }],
  handshakes: [
    {
      match: { method: 'GET' },
      authenticate: 'none',
      respond: { status: 200, contentType: 'text/plain', body: '' },
    },
  ],
} satisfies ProfileOptions;
