import type { ProfileKnobs } from '../profile.ts';

/**
 * GitHub's older header with SHA-512, which servers that speak its protocol send: `X-Hub-Signature: sha512=<hex>`.
 * Source: https://github.com/google/go-github, github/messages.go (ValidateSignature).
 */
export const githubSha512 = {
  signature: {
    algorithm: 'sha512',
    encoding: 'hex',
    signature: { header: 'X-Hub-Signature', pick: '^sha512=(.+)$' },
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
