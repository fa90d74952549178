import type { ProfileOptions } from '../../source.ts';
import { github } from './github.ts';

/**
 * GitHub's legacy header, for GitHub Enterprise Servers that send no other: `X-Hub-Signature: sha1=<hex>`.
 * Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers.
 */
export const githubSha1 = {
  ...github,
  signature: {
    algorithm: 'sha1',
    encoding: 'hex',
    signature: { header: 'X-Hub-Signature', pick: '^sha1=(.+)$' },
  },
} satisfies ProfileOptions;
