import type { ProfileOptions } from '../../source.ts';

/**
 * Adyen for Platforms, Management and Issuing webhooks: `HmacSignature: <base64>` over the body, with a hex key.
 * Source: https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures.
 */
export const adyenPlatform = {
  signature: {
    encoding: 'base64',
    signature: { header: 'HmacSignature' },
    secretEncoding: 'hex',
  },
  eventType: [{ body: '/type' }],
} satisfies ProfileOptions;
