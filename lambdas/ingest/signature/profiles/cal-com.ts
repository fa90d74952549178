import type { ProfileOptions } from '../../source.ts';

/**
 * Cal.com: `X-Cal-Signature-256: <hex>` over the body, where the webhook has a secret. There is no id of an event: `payload.uid`
 * names the booking.
 * Source: https://cal.com/docs/developing/guides/automation/webhooks.
 */
export const calCom = {
  signature: { encoding: 'hex', signature: { header: 'X-Cal-Signature-256' } },
  eventType: [{ body: '/triggerEvent' }],
} satisfies ProfileOptions;
