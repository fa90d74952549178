import type { ProfileOptions } from '../../source.ts';

/**
 * Svix, under its own header names (Resend, Clerk and others): otherwise like Standard Webhooks.
 * Source: https://docs.svix.com/receiving/verifying-payloads/how-manual.
 */
export const svix = {
  signature: {
    encoding: 'base64',
    signature: { header: 'svix-signature', split: ' ', pick: '^v1,(.+)$' },
    timestamp: { header: 'svix-timestamp', format: 'unix', toleranceSeconds: 300 },
    id: { header: 'svix-id' },
    content: '{id}.{timestamp}.{body}',
    secretEncoding: 'base64',
    secretPrefix: 'whsec_',
  },
  eventType: [{ body: '/type' }],
  deduplicationId: [{ header: 'svix-id' }],
} satisfies ProfileOptions;
