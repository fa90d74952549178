import type { ProfileOptions } from '../../source.ts';

const HEADERS = Array.from({ length: 100 }, (_, index) => `X-DocuSign-Signature-${index + 1}`);

/**
 * DocuSign Connect, in JSON: `X-DocuSign-Signature-1: <base64>` over the body. Each key has a header of its own, up to 100; any counts.
 * A retry has another `retryCount`, so that the body's hash names no fact.
 * Source: https://developers.docusign.com/platform/webhooks/connect/validate.
 */
export const docusign = {
  signature: { encoding: 'base64', signature: { header: HEADERS } },
  eventType: [{ body: '/event' }],
  deduplicationId: [
    { body: '/event' },
    { body: '/data/envelopeId' },
    { body: ['/data/recipientId', '/data/userId'] },
    { body: '/generatedDateTime' },
  ],
  apiVersion: { body: '/apiVersion' },
} satisfies ProfileOptions;
