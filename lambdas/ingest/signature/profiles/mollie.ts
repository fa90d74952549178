import type { ProfileOptions } from '../../source.ts';

/**
 * Mollie, next-gen webhooks (`payment-link.paid`): `X-Mollie-Signature: <hex>` over the body, with or without `sha256=`; in a
 * rotation the header comes twice. Classic webhooks (`id=tr_…`) are not signed.
 * Source: https://docs.mollie.com/reference/best-practices, mollie-api-php SignatureValidator.php.
 */
export const mollie = {
  signature: {
    encoding: 'hex',
    signature: { header: 'X-Mollie-Signature', split: ',', pick: '^(?:sha256=)?([0-9a-f]{64})$' },
  },
  eventType: [{ body: '/type' }],
  deduplicationId: [{ body: '/id' }],
} satisfies ProfileOptions;
