import type { ProfileKnobs } from '../profile.ts';

/**
 * GitHub's legacy header, for GitHub Enterprise Servers that send no other: `X-Hub-Signature: sha1=<hex>`.
 * Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers.
 */
export const githubSha1 = {
  signature: {
    algorithm: 'sha1',
    encoding: 'hex',
    signature: { header: 'X-Hub-Signature', pick: '^sha1=(.+)$' },
  },
  eventType: [{ header: 'X-GitHub-Event' }, { body: '/action' }],
  handshakes: [
    {
      match: { method: 'POST', headers: { 'X-GitHub-Event': 'ping' } },
      authenticate: 'signature',
      respond: { status: 200, contentType: 'text/plain', body: 'pong' },
    },
  ],
} satisfies ProfileKnobs;
