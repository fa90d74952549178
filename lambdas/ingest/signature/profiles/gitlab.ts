import type { ProfileOptions } from '../../source.ts';

/**
 * GitLab: the secret token itself, in `X-Gitlab-Token`. It proves who sent the webhook, not what: nothing is
 * signed, so that the id is the body's hash.
 * Source: https://docs.gitlab.com/user/project/integrations/webhooks/.
 */
export const gitlab = {
  signature: { kind: 'sharedSecret', sharedSecret: { in: 'header', name: 'X-Gitlab-Token' } },
  eventType: [{ header: 'X-Gitlab-Event' }],
} satisfies ProfileOptions;
