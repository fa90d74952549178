import type { ProfileOptions } from '../../source.ts';

/**
 * GitHub: `X-Hub-Signature-256: sha256=<hex>` over the body. Event and delivery headers are unsigned: the id is the body's
 * hash. The type is the event and, where there is one, the body's action: `star.created`, `push`. By default the body is a form
 * whose `payload` is the JSON.
 * Source: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
 */
export const github = {
  signature: {
    encoding: 'hex',
    signature: { header: 'X-Hub-Signature-256', pick: '^sha256=(.+)$' },
  },
  eventType: [{ header: 'X-GitHub-Event' }, { body: '/action' }],
  form: { whole: 'payload' },
  handshakes: [
    {
      match: { method: 'POST', headers: { 'X-GitHub-Event': 'ping' } },
      authenticate: 'signature',
      respond: { status: 200, contentType: 'text/plain', body: 'pong' },
    },
  ],
} satisfies ProfileOptions;
