import type { ProfileOptions } from '../../source.ts';

/**
 * LINE: `x-line-signature: <base64>` over the body, keyed with the channel secret. A batch in `events`. A redelivery keeps
 * `webhookEventId`, and changes `isRedelivery`.
 * Source: https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/.
 */
export const line = {
  signature: { encoding: 'base64', signature: { header: 'x-line-signature' } },
  eventType: [{ body: '/events/*/type' }],
  itemId: [['/webhookEventId']],
  redelivery: { member: 'isRedelivery', first: false },
} satisfies ProfileOptions;
