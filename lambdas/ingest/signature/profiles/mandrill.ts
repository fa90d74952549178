import type { ProfileOptions } from '../../source.ts';

/**
 * Mandrill (Mailchimp Transactional): signed over URL and sorted parameters (`plug-ins/mandrill.ts`). A form whose
 * `mandrill_events` is a JSON list. It tests an endpoint by HEAD. `_id` is that of the message: an event is also told by its
 * time, a click by its URL and address, an open by its address. Inbound mail has no id.
 * Source: https://mailchimp.com/developer/transactional/docs/webhooks/,
 * https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/.
 */
export const mandrill = {
  signature: { kind: 'custom', plugIn: 'mandrill' },
  eventType: [{ body: '/mandrill_events/*/event' }],
  form: { json: ['mandrill_events'] },
  itemId: [
    ['/_id', '/event', '/ts', '/url', '/ip'],
    ['/_id', '/event', '/ts', '/ip'],
    ['/_id', '/event', '/ts'],
  ],
  handshakes: [
    {
      match: { method: 'HEAD' },
      authenticate: 'none',
      respond: { status: 200, contentType: 'text/plain', body: '' },
    },
  ],
} satisfies ProfileOptions;
