import type { ProfileOptions } from '../../source.ts';

/**
 * PayPal: signed by a certificate that its operator stores (`plug-ins/paypal.ts`). The signature covers a CRC-32 of the body
 * alone: the transmission is the id.
 * Source: https://developer.paypal.com/api/rest/webhooks/rest/.
 */
export const paypal = {
  signature: { kind: 'custom', plugIn: 'paypal' },
  eventType: [{ body: '/event_type' }],
} satisfies ProfileOptions;
