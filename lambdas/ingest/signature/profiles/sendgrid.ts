import type { ProfileOptions } from '../../source.ts';

/**
 * SendGrid event webhook: ECDSA P-256 over `{timestamp}{body}`, with the public key as base64 SPKI. The body ends in CRLF. No
 * window is documented, so a timestamp is never too old. A batch, each item with its `event`.
 * Source: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features.
 */
export const sendgrid = {
  signature: {
    kind: 'ecdsa',
    encoding: 'base64',
    signature: { header: 'X-Twilio-Email-Event-Webhook-Signature' },
    timestamp: { header: 'X-Twilio-Email-Event-Webhook-Timestamp', format: 'unix' },
    content: '{timestamp}{body}',
  },
  eventType: [{ body: '/*/event' }],
  // "This ID is unique for every event": docs, "Troubleshooting the Event Webhook".
  itemId: [['/sg_event_id']],
} satisfies ProfileOptions;
