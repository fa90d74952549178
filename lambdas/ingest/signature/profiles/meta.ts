import type { ProfileOptions } from '../../source.ts';

/**
 * Meta (Graph API, WhatsApp, Lead Ads): `X-Hub-Signature-256: sha256=<hex>` over the body, whose unicode is escaped: only raw
 * bytes verify. It tests an endpoint by GET with a token of your choice, and expects its challenge back. Messages, their
 * states and leads have ids; a change of another field has none.
 * Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started.
 */
export const meta = {
  signature: {
    encoding: 'hex',
    signature: { header: 'X-Hub-Signature-256', pick: '^sha256=(.+)$' },
  },
  eventType: [{ body: '/object' }, { body: '/entry/*/changes/*/field' }],
  itemId: [
    // WhatsApp: the state of a message that was sent, and a message that came.
    ['/id', '/status', '/timestamp'],
    ['/id', '/from', '/timestamp'],
    ['/field', '/value/leadgen_id'],
    // Messenger and Instagram.
    ['/message/mid'],
  ],
  handshakes: [
    {
      match: { method: 'GET', query: { 'hub.mode': 'subscribe', 'hub.challenge': '*' } },
      authenticate: { token: 'hub.verify_token' },
      respond: { status: 200, contentType: 'text/plain', body: '{query:hub.challenge}' },
    },
  ],
} satisfies ProfileOptions;
