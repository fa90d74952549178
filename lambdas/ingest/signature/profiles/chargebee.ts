import type { ProfileOptions } from '../../source.ts';

/**
 * Chargebee: no signature, but HTTP basic auth. The secret is `user:password`. It proves who sent the webhook,
 * not what: the id is the one that the body says it has.
 * Source: https://www.chargebee.com/docs/webhook_settings.html.
 */
export const chargebee = {
  signature: { kind: 'sharedSecret', sharedSecret: { in: 'basic' } },
  eventType: [{ body: '/event_type' }],
  deduplicationId: [{ body: '/id' }],
  apiVersion: { body: '/api_version' },
} satisfies ProfileOptions;
