import type { ProfileOptions } from '../../source.ts';

/**
 * Mandrill (Mailchimp Transactional): signed over URL and sorted parameters (`plug-ins/mandrill.ts`). A form whose
 * `mandrill_events` is a JSON list. It tests an endpoint by HEAD.
 * Source: https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/.
 */
export const mandrill = {
  signature: { kind: 'custom', plugIn: 'mandrill' },
  eventType: [{ body: '/mandrill_events/*/event' }],
  handshakes: [
    {
      match: { method: 'HEAD' },
      authenticate: 'none',
      respond: { status: 200, contentType: 'text/plain', body: '' },
    },
  ],
} satisfies ProfileOptions;
