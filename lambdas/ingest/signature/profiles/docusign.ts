import type { ProfileOptions } from '../../source.ts';

/**
 * DocuSign Connect, in JSON: `X-DocuSign-Signature-1: <base64>` over the body; further keys have headers of their own, up to 100.
 * A retry has another `retryCount`, so that the body's hash names no fact.
 * Source: https://developers.docusign.com/platform/webhooks/connect/validate.
 */
export const docusign = {
  signature: { encoding: 'base64', signature: { header: 'X-DocuSign-Signature-1' } },
  eventType: [{ body: '/event' }],
  deduplicationId: [
    { body: '/event' },
    { body: '/data/envelopeId' },
    { body: ['/data/recipientId', '/data/userId'] },
    { body: '/generatedDateTime' },
  ],
} satisfies ProfileOptions;
