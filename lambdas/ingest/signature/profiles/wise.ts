import type { ProfileOptions } from '../../source.ts';

/**
 * Wise: RSA-SHA256 over the body, base64, with a public key that Wise publishes as PEM.
 * Source: https://docs.wise.com/api-docs/features/webhooks-notifications/event-handling.
 */
export const wise = {
  signature: {
    kind: 'rsa',
    encoding: 'base64',
    signature: { header: 'X-Signature-SHA256' },
    secretEncoding: 'pem',
  },
  eventType: [{ body: '/event_type' }],
} satisfies ProfileOptions;
