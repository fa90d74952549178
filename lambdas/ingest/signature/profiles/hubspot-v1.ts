import type { ProfileOptions } from '../../source.ts';
import { hubspotBatch } from './hubspot-v3.ts';

/**
 * HubSpot v1, the only signature of CRM webhooks of older apps: a plain SHA-256 of secret and body, in hex.
 * Source: https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests.
 */
export const hubspotV1 = {
  signature: {
    kind: 'hash',
    encoding: 'hex',
    signature: { header: 'X-HubSpot-Signature' },
    content: '{secret}{body}',
  },
  ...hubspotBatch,
} satisfies ProfileOptions;
