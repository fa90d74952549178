import type { ProfileOptions } from '../../source.ts';

/**
 * Onfleet: `X-Onfleet-Signature: <hex HMAC-SHA512>` over the body; the secret is hex. It tests an endpoint by `GET ?check=…`, and
 * expects the text back.
 * Source: https://docs.onfleet.com/reference/webhooks.
 */
export const onfleet = {
  signature: {
    algorithm: 'sha512',
    encoding: 'hex',
    signature: { header: 'X-Onfleet-Signature' },
    secretEncoding: 'hex',
  },
  eventType: [{ body: '/triggerName' }],
  deduplicationId: [{ body: '/triggerName' }, { body: ['/taskId', '/workerId'] }, { body: '/time' }],
  handshakes: [
    {
      match: { method: 'GET', query: { check: '*' } },
      authenticate: 'none',
      respond: { status: 200, contentType: 'text/plain', body: '{query:check}' },
    },
  ],
} satisfies ProfileOptions;
