import type { ProfileOptions } from '../../source.ts';

/**
 * Auth0 event streams: CloudEvents (`user.created`), without a signature. The token is in `Authorization`: store it as it is sent,
 * `Bearer <token>`.
 * Source: https://auth0.com/docs/customize/events.
 */
export const auth0 = {
  signature: { kind: 'sharedSecret', sharedSecret: { in: 'header', name: 'Authorization' } },
  eventType: [{ body: '/type' }],
  deduplicationId: [{ body: '/id' }],
} satisfies ProfileOptions;
