import type { ProfileOptions } from '../../source.ts';

/**
 * Twilio: signed over URL and sorted parameters (`plug-ins/twilio.ts`). The type is the message's or call's status.
 * Source: https://www.twilio.com/docs/usage/security, https://www.twilio.com/docs/messaging/guides/track-outbound-message-status.
 */
export const twilio = {
  signature: { kind: 'custom', plugIn: 'twilio' },
  eventType: [{ body: ['/MessageStatus', '/SmsStatus', '/CallStatus'] }],
  deduplicationId: [
    { body: ['/MessageSid', '/CallSid'] },
    { body: ['/MessageStatus', '/SmsStatus', '/CallStatus'] },
  ],
} satisfies ProfileOptions;
