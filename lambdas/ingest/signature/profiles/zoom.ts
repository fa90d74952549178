import type { ProfileOptions } from '../../source.ts';

/**
 * Zoom: `x-zm-signature: v0=<hex>` over `v0:{timestamp}:{body}`. No window is documented; it is 300 s here. It tests an endpoint with
 * a signed `endpoint.url_validation`, again every 72 hours.
 * Source: https://developers.zoom.us/docs/api/webhooks/.
 */
export const zoom = {
  signature: {
    encoding: 'hex',
    signature: { header: 'x-zm-signature', pick: '^v0=(.+)$' },
    timestamp: { header: 'x-zm-request-timestamp', format: 'unix', toleranceSeconds: 300 },
    content: 'v0:{timestamp}:{body}',
  },
  eventType: [{ body: '/event' }],
  handshakes: [
    {
      match: { method: 'POST', body: { '/event': 'endpoint.url_validation' } },
      authenticate: 'signature',
      respond: {
        status: 200,
        contentType: 'application/json',
        body: '{"plainToken":"{body:/payload/plainToken}","encryptedToken":"{hmacHex:/payload/plainToken}"}',
      },
    },
  ],
} satisfies ProfileOptions;
