import type { ProfileOptions } from '../../source.ts';

/**
 * AfterShip Tracking: `aftership-hmac-sha256: <base64>` over the body. The type is the event and the shipment's tag:
 * `tracking_update.Delivered`. AfterShip's other products have other headers.
 * Source: https://www.aftership.com/docs/tracking/webhook/webhook-signature, …/webhook-specifications.
 */
export const aftership = {
  signature: { encoding: 'base64', signature: { header: 'aftership-hmac-sha256' } },
  eventType: [{ body: '/event' }, { body: '/msg/tag' }],
  deduplicationId: [{ body: '/event_id' }],
} satisfies ProfileOptions;
