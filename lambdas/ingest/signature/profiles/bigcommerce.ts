import type { ProfileOptions } from '../../source.ts';
import { standardWebhooks } from './standard-webhooks.ts';

/**
 * BigCommerce: like Standard Webhooks, but the client secret is the key itself, without prefix and not in base64.
 * Source: https://github.com/bigcommerce/docs, docs/integrations/webhooks/https-webhook-overview.mdx.
 */
export const bigcommerce = {
  ...standardWebhooks,
  signature: { ...standardWebhooks.signature, secretEncoding: 'utf8', secretPrefix: undefined },
  eventType: [{ body: '/scope' }],
} satisfies ProfileOptions;
