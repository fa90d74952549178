import type { ProfileOptions } from '../../source.ts';

/**
 * HubSpot v3: HMAC-SHA256, base64, over method, URL (some escapes decoded), body and timestamp in milliseconds. Sends
 * batches of up to 100; `eventId` is not guaranteed to be unique, so the id is the body's hash.
 * Source: https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation.
 */
export const hubspotV3 = {
  signature: {
    encoding: 'base64',
    signature: { header: 'X-HubSpot-Signature-v3' },
    timestamp: { header: 'X-HubSpot-Request-Timestamp', format: 'unix-ms', toleranceSeconds: 300 },
    content: '{method}{decoded-url}{body}{timestamp}',
  },
  eventType: [{ body: ['/*/subscriptionType', '/subscriptionType'] }],
} satisfies ProfileOptions;
