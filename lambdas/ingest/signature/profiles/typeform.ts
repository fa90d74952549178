import type { ProfileOptions } from '../../source.ts';

/**
 * Typeform: `Typeform-Signature: sha256=<base64>` over the body.
 * Source: https://www.typeform.com/developers/webhooks/secure-your-webhooks/.
 */
export const typeform = {
  signature: {
    encoding: 'base64',
    signature: { header: 'Typeform-Signature', pick: '^sha256=(.+)$' },
  },
  eventType: [{ body: '/event_type' }],
  deduplicationId: [{ body: '/event_id' }],
} satisfies ProfileOptions;
