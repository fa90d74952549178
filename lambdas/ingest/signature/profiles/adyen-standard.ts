import type { ProfileOptions } from '../../source.ts';

/**
 * Adyen standard webhooks: signed item by item inside the body (`plug-ins/adyen-standard.ts`). Adyen expects the answer
 * `[accepted]`, or sends the webhook again.
 * Source: https://docs.adyen.com/development-resources/webhooks/handle-webhook-events.
 */
export const adyenStandard = {
  signature: { kind: 'custom', plugIn: 'adyen-standard' },
  eventType: [{ body: '/notificationItems/*/NotificationRequestItem/eventCode' }],
  deduplicationId: [
    { body: '/notificationItems/*/NotificationRequestItem/pspReference' },
    { body: '/notificationItems/*/NotificationRequestItem/eventCode' },
    { body: '/notificationItems/*/NotificationRequestItem/success' },
  ],
  acknowledge: { contentType: 'text/plain', body: '[accepted]' },
} satisfies ProfileOptions;
