import type { ProfileOptions } from '../../source.ts';

/**
 * QuickBooks Online: `intuit-signature: <base64>` over the body, keyed with the verifier token. A list of CloudEvents:
 * `qbo.invoice.created.v1`. Before May 2026 the list was in `eventNotifications`, and is still read: `Invoice.Create`, without an
 * id of an event.
 * Source: https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks.
 */
export const quickbooks = {
  signature: { encoding: 'base64', signature: { header: 'intuit-signature' } },
  eventType: [
    { body: ['/*/type', '/eventNotifications/*/dataChangeEvent/entities/*/name'] },
    { body: '/eventNotifications/*/dataChangeEvent/entities/*/operation' },
  ],
  // CloudEvents: source and id name an event. Without `specversion`, an id is that of the invoice or customer.
  itemId: [['/specversion', '/source', '/id']],
} satisfies ProfileOptions;
