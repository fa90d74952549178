import type { ProfileOptions } from '../../source.ts';

/**
 * Slack: `X-Slack-Signature: v0=<hex>` over `v0:{timestamp}:{body}`. It tests an endpoint with a signed `url_verification`,
 * and expects its challenge back. Interactions are a form whose `payload` is the JSON; a command is a plain form.
 * Source: https://docs.slack.dev/authentication/verifying-requests-from-slack, https://docs.slack.dev/reference/events/url_verification.
 */
export const slack = {
  signature: {
    encoding: 'hex',
    signature: { header: 'X-Slack-Signature', pick: '^v0=(.+)$' },
    timestamp: { header: 'X-Slack-Request-Timestamp', format: 'unix', toleranceSeconds: 300 },
    content: 'v0:{timestamp}:{body}',
  },
  eventType: [{ body: ['/event/type', '/type', '/command'] }],
  deduplicationId: [{ body: '/event_id' }],
  form: { whole: 'payload' },
  handshakes: [
    {
      match: { method: 'POST', body: { '/type': 'url_verification' } },
      authenticate: 'signature',
      respond: { status: 200, contentType: 'text/plain', body: '{body:/challenge}' },
    },
  ],
} satisfies ProfileOptions;
