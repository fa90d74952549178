import type { ProfileOptions } from '../../source.ts';

/**
 * What HubSpot's batches of up to 100 have in common. A retry raises `attemptNumber` and may cut the batch differently.
 * `eventId` alone is not guaranteed to be unique; an association has two objects.
 * Source: https://developers.hubspot.com/docs/apps/legacy-apps/public-apps/create-generic-webhook-subscriptions.
 */
export const hubspotBatch = {
  eventType: [{ body: ['/*/subscriptionType', '/subscriptionType'] }],
  itemId: [
    ['/subscriptionId', '/fromObjectId', '/toObjectId', '/occurredAt', '/eventId'],
    ['/subscriptionId', '/objectId', '/occurredAt', '/eventId'],
  ],
  redelivery: { member: 'attemptNumber', first: 0 },
} satisfies Partial<ProfileOptions>;

/**
 * HubSpot v3: HMAC-SHA256, base64, over method, URL (some escapes decoded), body and timestamp in milliseconds.
 * Source: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation.
 */
export const hubspotV3 = {
  signature: {
    encoding: 'base64',
    signature: { header: 'X-HubSpot-Signature-v3' },
    timestamp: { header: 'X-HubSpot-Request-Timestamp', format: 'unix-ms', toleranceSeconds: 300 },
    content: '{method}{decoded-url}{body}{timestamp}',
  },
  ...hubspotBatch,
} satisfies ProfileOptions;
