import type { ProfileOptions } from '../../source.ts';

/**
 * Adyen standard webhooks: signed item by item inside the body (`plug-ins/adyen-standard.ts`). Adyen expects the answer
 * `[accepted]`, or sends the webhook again. The three members that Adyen calls unique together are all signed. A mapping's
 * items are `notificationItems`, or the objects within them.
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
  itemId: [
    [
      '/NotificationRequestItem/pspReference',
      '/NotificationRequestItem/eventCode',
      '/NotificationRequestItem/success',
    ],
    ['/pspReference', '/eventCode', '/success'],
  ],
  acknowledge: { contentType: 'text/plain', body: '[accepted]' },
} satisfies ProfileOptions;
